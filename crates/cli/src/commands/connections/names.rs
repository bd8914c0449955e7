//! What people call things: the customer's own id and the integration's key, for our ids.

use std::collections::{BTreeSet, HashMap};

use http::{Method, StatusCode};
use serde_json::Value;

use crate::api::Api;
use crate::error::CliError;

/// Up to so many are asked for one by one; more are looked for in the list.
const FEW: usize = 10;

/// Names by our ids. An id that is not in here stands for itself.
#[derive(Default)]
pub(super) struct Names {
    customers: HashMap<String, String>,
    integrations: HashMap<String, String>,
}

impl Names {
    /// The names of what `connections` belong to, in a few calls.
    pub(super) async fn of(api: &Api, connections: &[Value]) -> Result<Self, CliError> {
        let customers = Noun {
            path: "/customers",
            name: "internalId",
        };
        let customers = match customers.find(api, ids(connections, "userId")).await {
            Err(CliError::Api { status, .. }) if status == StatusCode::FORBIDDEN => {
                own(api).await?
            }
            found => found?,
        };
        let integrations = Noun {
            path: "/integrations",
            name: "key",
        };
        Ok(Self {
            customers,
            integrations: integrations
                .find(api, ids(connections, "integrationId"))
                .await?,
        })
    }

    /// The app's own id of the customer of `connection`.
    pub(super) fn customer(&self, connection: &Value) -> String {
        named(&self.customers, connection, "userId")
    }

    /// The key of the integration of `connection`.
    pub(super) fn integration(&self, connection: &Value) -> String {
        named(&self.integrations, connection, "integrationId")
    }
}

fn named(names: &HashMap<String, String>, connection: &Value, member: &str) -> String {
    let id = connection
        .get(member)
        .and_then(Value::as_str)
        .unwrap_or_default();
    names.get(id).map_or(id, String::as_str).to_owned()
}

fn ids(connections: &[Value], member: &str) -> BTreeSet<String> {
    let ids = connections.iter().filter_map(|it| it.get(member)?.as_str());
    ids.map(str::to_owned).collect()
}

/// A customer sees nobody else.
async fn own(api: &Api) -> Result<HashMap<String, String>, CliError> {
    let customer = api.call(Method::GET, "/self", None).await?;
    Ok(pair(&customer, "internalId").into_iter().collect())
}

/// One of the lists of the API.
struct Noun {
    path: &'static str,
    /// The member with what people call an item.
    name: &'static str,
}

impl Noun {
    async fn find(
        &self,
        api: &Api,
        ids: BTreeSet<String>,
    ) -> Result<HashMap<String, String>, CliError> {
        if ids.len() <= FEW {
            return self.one_by_one(api, ids).await;
        }
        let mut missing = ids;
        let mut names = HashMap::new();
        let mut pages = api.pages(self.path, "includeArchived=true");
        while !missing.is_empty()
            && let Some(items) = pages.next().await?
        {
            for (id, name) in items.iter().filter_map(|item| pair(item, self.name)) {
                missing.remove(&id);
                names.insert(id, name);
            }
        }
        Ok(names)
    }

    async fn one_by_one(
        &self,
        api: &Api,
        ids: BTreeSet<String>,
    ) -> Result<HashMap<String, String>, CliError> {
        let mut names = HashMap::new();
        for id in ids {
            let path = format!("{}/{id}", self.path);
            match api.call(Method::GET, &path, None).await {
                Ok(item) => names.extend(pair(&item, self.name)),
                Err(CliError::Api { status, .. }) if status == StatusCode::NOT_FOUND => {}
                Err(error) => return Err(error),
            }
        }
        Ok(names)
    }
}

fn pair(item: &Value, name: &str) -> Option<(String, String)> {
    let text = |member| item.get(member).and_then(Value::as_str).map(str::to_owned);
    Some((text("id")?, text(name)?))
}
