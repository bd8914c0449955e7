//! Customers.

use async_trait::async_trait;
use authbridge_core::id::{CustomerId, WorkspaceId};
use jiff::Timestamp;
use rusqlite::{Connection as Database, params};

use super::keys::{erase_sealed, put_sealed};
use super::record::Record;
use super::statement::{Conditions, Ids, execute, one};
use super::{Sqlite, workspace};
use crate::backend::{Customers, SealedField};
use crate::keys::field;
use crate::model::customer::{
    Customer, CustomerFilter, CustomerPatch, CustomerSelector, SeenCustomer,
};
use crate::{Page, Paged, StoreError};

#[async_trait]
impl Customers for Sqlite {
    async fn see_customer(
        &self,
        fresh: Customer,
        seen: SeenCustomer,
    ) -> Result<Customer, StoreError> {
        self.write(move |database| {
            workspace::require(database, &fresh.workspace_id)?;
            let selector = CustomerSelector::InternalId(fresh.internal_id.clone());
            let Some(mut known) = find(database, &fresh.workspace_id, &selector)? else {
                insert(database, &fresh)?;
                return Ok(fresh);
            };
            if seen.apply(&mut known, fresh.created_at) {
                update(database, &known)?;
            }
            Ok(known)
        })
        .await
    }

    async fn find_customer(
        &self,
        workspace: &WorkspaceId,
        selector: &CustomerSelector,
    ) -> Result<Option<Customer>, StoreError> {
        let workspace = workspace.clone();
        let selector = selector.clone();
        self.read(move |database| find(database, &workspace, &selector))
            .await
    }

    async fn list_customers(
        &self,
        workspace: &WorkspaceId,
        filter: CustomerFilter,
        page: Page,
    ) -> Result<Paged<Customer>, StoreError> {
        let workspace = workspace.clone();
        self.read(move |database| list(database, &workspace, &filter, &page))
            .await
    }

    async fn update_customer(
        &self,
        workspace: &WorkspaceId,
        id: &CustomerId,
        patch: CustomerPatch,
    ) -> Result<Customer, StoreError> {
        let workspace = workspace.clone();
        let id = id.clone();
        self.write(move |database| {
            change(database, &workspace, &id, |customer| patch.apply(customer))
        })
        .await
    }

    async fn set_customer_archived(
        &self,
        workspace: &WorkspaceId,
        id: &CustomerId,
        at: Option<Timestamp>,
    ) -> Result<Customer, StoreError> {
        let workspace = workspace.clone();
        let id = id.clone();
        self.write(move |database| {
            change(database, &workspace, &id, |customer| {
                customer.archived_at = at.map(|at| customer.archived_at.unwrap_or(at));
            })
        })
        .await
    }

    async fn replace_customer_credentials(
        &self,
        workspace: &WorkspaceId,
        id: &CustomerId,
        credentials: Option<SealedField>,
    ) -> Result<(), StoreError> {
        let workspace = workspace.clone();
        let id = id.clone();
        self.write(move |database| {
            require(database, &workspace, &id)?;
            let table = field::CUSTOMER_CREDENTIALS.table;
            match credentials {
                Some(sealed) => put_sealed(database, &workspace, table, id.as_str(), [sealed]),
                None => erase_sealed(database, &workspace, table, id.as_str()),
            }
        })
        .await
    }
}

/// The customer with this id, as an error when there is none.
pub(super) fn require(
    database: &Database,
    workspace: &WorkspaceId,
    id: &CustomerId,
) -> Result<Customer, StoreError> {
    let found = find(database, workspace, &CustomerSelector::Id(id.clone()))?;
    found.ok_or_else(|| StoreError::missing("customer", id.as_str()))
}

fn find(
    database: &Database,
    workspace: &WorkspaceId,
    selector: &CustomerSelector,
) -> Result<Option<Customer>, StoreError> {
    let (column, value) = match selector {
        CustomerSelector::Id(id) => ("id", id.as_str()),
        CustomerSelector::InternalId(id) => ("internal_id", id.as_str()),
    };
    let sql = format!("{SELECT} WHERE workspace_id = ? AND {column} = ?");
    one(database, TABLE, &sql, [workspace.as_str(), value], customer)
}

fn list(
    database: &Database,
    workspace: &WorkspaceId,
    filter: &CustomerFilter,
    page: &Page,
) -> Result<Paged<Customer>, StoreError> {
    let CustomerFilter {
        search,
        include_archived,
    } = filter;
    let mut conditions = Conditions::of(workspace.as_str(), TABLE);
    if !include_archived {
        conditions.and("archived_at IS NULL");
    }
    if let Some(text) = search {
        conditions.and_search(["internal_id", "name"], text);
    }
    let ids = Ids {
        prefix: CustomerId::PREFIX,
        id: |customer: &Customer| customer.id.as_str(),
    };
    conditions.page(database, SELECT, &ids, page, customer)
}

fn change(
    database: &Database,
    workspace: &WorkspaceId,
    id: &CustomerId,
    apply: impl FnOnce(&mut Customer),
) -> Result<Customer, StoreError> {
    let before = require(database, workspace, id)?;
    let mut after = before.clone();
    apply(&mut after);
    if after != before {
        update(database, &after)?;
    }
    Ok(after)
}

fn insert(database: &Database, customer: &Customer) -> Result<(), StoreError> {
    let sql = "INSERT INTO customer
        (workspace_id, id, internal_id, name, fields, created_at, last_active_at, archived_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    let values = params![
        customer.workspace_id.as_str(),
        customer.id.as_str(),
        customer.internal_id,
        customer.name,
        customer.fields.to_string(),
        customer.created_at.as_microsecond(),
        customer.last_active_at.as_microsecond(),
        customer.archived_at.map(Timestamp::as_microsecond),
    ];
    execute(database, sql, values)?;
    Ok(())
}

fn update(database: &Database, customer: &Customer) -> Result<(), StoreError> {
    let sql = "UPDATE customer SET name = ?, fields = ?, last_active_at = ?, archived_at = ?
        WHERE workspace_id = ? AND id = ?";
    let values = params![
        customer.name,
        customer.fields.to_string(),
        customer.last_active_at.as_microsecond(),
        customer.archived_at.map(Timestamp::as_microsecond),
        customer.workspace_id.as_str(),
        customer.id.as_str(),
    ];
    execute(database, sql, values)?;
    Ok(())
}

fn customer(row: &Record<'_>) -> Result<Customer, StoreError> {
    Ok(Customer {
        id: row.parse("id")?,
        workspace_id: row.parse("workspace_id")?,
        internal_id: row.get("internal_id")?,
        name: row.get("name")?,
        fields: row.json("fields")?,
        created_at: row.time("created_at")?,
        last_active_at: row.time("last_active_at")?,
        archived_at: row.time_optional("archived_at")?,
    })
}

const TABLE: &str = "customer";
const SELECT: &str = "SELECT workspace_id, id, internal_id, name, fields, created_at,
    last_active_at, archived_at FROM customer";
