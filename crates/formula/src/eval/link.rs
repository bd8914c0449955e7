//! Formulas that need the outside: `$lookup`, `$findExternalRecordId`, `$findAppRecordId` and
//! `$dataSchemaRef`. Without a resolver they stay in place, except the last, which is undefined.

use std::borrow::Cow;

use serde_json::Value;

use crate::eval::{Evaluated, Evaluator};
use crate::js;
use crate::resolve::{Resolver, Resolvers};

impl Evaluator<'_> {
    pub(super) fn lookup<'v>(
        &self,
        query: Option<Cow<'v, Value>>,
        schema: Option<&Value>,
    ) -> Evaluated<'v> {
        match self.resolver(Resolver::Lookup) {
            Some(resolvers) => Ok(resolvers
                .resolve_lookup(query.as_deref(), schema)?
                .map(Cow::Owned)),
            None => self.in_place("$lookup", query),
        }
    }

    pub(super) fn find_external_record_id<'v>(
        &self,
        link: Option<Cow<'v, Value>>,
    ) -> Evaluated<'v> {
        let Some(resolvers) = self.resolver(Resolver::ExportDataLink) else {
            return self.in_place("$findExternalRecordId", link);
        };
        let Some((table, record)) = link.as_deref().and_then(link_arguments) else {
            return Ok(None);
        };
        Ok(resolvers
            .resolve_export_data_link(table, record)?
            .map(Cow::Owned))
    }

    pub(super) fn find_app_record_id<'v>(&self, link: Option<Cow<'v, Value>>) -> Evaluated<'v> {
        let Some(resolvers) = self.resolver(Resolver::ImportDataLink) else {
            return self.in_place("$findAppRecordId", link);
        };
        let Some((table, record)) = link.as_deref().and_then(link_arguments) else {
            return Ok(None);
        };
        Ok(resolvers
            .resolve_import_data_link(table, record)?
            .map(Cow::Owned))
    }

    pub(super) fn data_schema_ref<'v>(&self, pointer: Option<Cow<'v, Value>>) -> Evaluated<'v> {
        let Some(pointer) = pointer else {
            return Ok(None);
        };
        let key = pointer.get("key");
        let schema = match pointer.get("type").and_then(Value::as_str) {
            Some("data-collection") => match self.resolver(Resolver::DataCollection) {
                Some(resolvers) => resolvers
                    .get_data_collection(key, pointer.get("parameters"))?
                    .and_then(|collection| collection.get("fieldsSchema").cloned()),
                None => None,
            },
            Some("internal-data-schema") => match self.resolver(Resolver::InternalDataSchema) {
                Some(resolvers) => resolvers.get_internal_data_schema(key)?,
                None => None,
            },
            _ => None,
        };
        Ok(schema.map(Cow::Owned))
    }

    fn resolver(&self, resolver: Resolver) -> Option<&dyn Resolvers> {
        self.resolvers
            .filter(|resolvers| resolvers.provides(resolver))
    }
}

/// The table's key and the record id, if both are there.
fn link_arguments(link: &Value) -> Option<(&Value, &Value)> {
    let table = link.get("dataLinkTable")?.get("key")?;
    let record = link.get("recordId")?;
    (js::truthy(Some(table)) && js::truthy(Some(record))).then_some((table, record))
}
