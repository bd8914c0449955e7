//! Sealing and opening the values of fields.

use std::io::{self, Write};

use authbridge_core::SecretJson;
use authbridge_core::id::WorkspaceId;
use serde_json::Value;
use zeroize::Zeroizing;

use super::Store;
use crate::StoreError;
use crate::backend::SealedField;
use crate::keys::{Field, Place};

/// The secrets of a row, as read in one go.
pub(super) struct Secrets<'a> {
    store: &'a Store,
    workspace: &'a WorkspaceId,
    row: &'a str,
    /// The sealed fields.
    pub(super) fields: Vec<SealedField>,
}

impl Store {
    /// Seals bytes for `place`.
    pub(super) async fn seal(
        &self,
        place: Place<'_>,
        plain: &[u8],
    ) -> Result<SealedField, StoreError> {
        Ok(SealedField {
            name: place.field.name.to_owned(),
            generation: place.generation,
            bytes: self.vault().seal(place, plain).await?,
        })
    }

    /// Seals JSON for `place`.
    pub(super) async fn seal_json(
        &self,
        place: Place<'_>,
        plain: &SecretJson,
    ) -> Result<SealedField, StoreError> {
        self.seal(place, &to_bytes(plain.expose())).await
    }

    /// Reads the secrets of a row of `table`, still sealed.
    pub(super) async fn secrets<'a>(
        &'a self,
        workspace: &'a WorkspaceId,
        table: &'static str,
        row: &'a str,
    ) -> Result<Secrets<'a>, StoreError> {
        let fields = self.backend().sealed(workspace, table, row).await?;
        Ok(Secrets::of(self, workspace, row, fields))
    }
}

impl<'a> Secrets<'a> {
    /// The secrets of a row that were read already.
    pub(super) fn of(
        store: &'a Store,
        workspace: &'a WorkspaceId,
        row: &'a str,
        fields: Vec<SealedField>,
    ) -> Self {
        Self {
            store,
            workspace,
            row,
            fields,
        }
    }

    /// Opens a field; `None` when the row has no such value.
    pub(super) async fn open(
        &self,
        field: Field,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let Some(sealed) = self.fields.iter().find(|other| other.name == field.name) else {
            return Ok(None);
        };
        let place = Place {
            workspace: self.workspace,
            field,
            row: self.row,
            generation: sealed.generation,
        };
        let plain = self.store.vault().open(place, &sealed.bytes).await?;
        Ok(Some(plain))
    }

    /// Opens a field that holds JSON.
    pub(super) async fn open_json(&self, field: Field) -> Result<Option<SecretJson>, StoreError> {
        let Some(plain) = self.open(field).await? else {
            return Ok(None);
        };
        let value = serde_json::from_slice(&plain).map_err(|_| StoreError::Inconsistent {
            table: field.table,
            row: self.row.to_owned(),
            reason: format!("`{}` is not JSON", field.name),
        })?;
        Ok(Some(SecretJson::new(value)))
    }

    /// Opens a field that every row of its table has.
    pub(super) async fn require_json(&self, field: Field) -> Result<SecretJson, StoreError> {
        let value = self.open_json(field).await?;
        value.ok_or_else(|| StoreError::Inconsistent {
            table: field.table,
            row: self.row.to_owned(),
            reason: format!("`{}` is gone", field.name),
        })
    }
}

/// `value` as JSON, in one buffer that is made large enough first: one that grows would leave
/// copies of the secret in freed memory.
pub(super) fn to_bytes(value: &Value) -> Zeroizing<Vec<u8>> {
    let mut length = Length(0);
    write(&mut length, value);
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.0));
    write(&mut *bytes, value);
    bytes
}

#[expect(
    clippy::expect_used,
    reason = "a JSON value has a text, and writing it to memory does not fail"
)]
fn write(target: impl Write, value: &Value) {
    serde_json::to_writer(target, value).expect("a JSON value has a text");
}

struct Length(usize);

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
