//! Resolvers that answer with their own call.

use serde_json::{Value, json};

use crate::mapping::ConfigurationError;
use crate::resolve::{Resolver, Resolvers};

/// Provides the resolvers that a line names.
pub(super) struct StubResolvers {
    provided: Vec<Resolver>,
}

impl StubResolvers {
    pub(super) fn named(params: Option<&Value>) -> Result<Self, String> {
        let Some(params) = params else {
            return Ok(Self {
                provided: Vec::new(),
            });
        };
        let names = params
            .as_array()
            .ok_or("`params` must be a list of names")?;
        let mut provided = Vec::new();
        for name in names {
            match name.as_str() {
                // Not resolvers, but parameters of the call as well.
                Some("variables" | "schema") => {}
                Some("resolveLookup") => provided.push(Resolver::Lookup),
                Some("resolveExportDataLink") => provided.push(Resolver::ExportDataLink),
                Some("resolveImportDataLink") => provided.push(Resolver::ImportDataLink),
                Some("getDataCollection") => provided.push(Resolver::DataCollection),
                Some("getInternalDataSchema") => provided.push(Resolver::InternalDataSchema),
                _ => return Err(format!("`params` has {name}, which is no parameter")),
            }
        }
        Ok(Self { provided })
    }
}

impl Resolvers for StubResolvers {
    fn provides(&self, resolver: Resolver) -> bool {
        self.provided.contains(&resolver)
    }

    fn resolve_lookup(
        &self,
        lookup: Option<&Value>,
        schema: Option<&Value>,
    ) -> Result<Option<Value>, ConfigurationError> {
        Ok(Some(echo(&json!(["resolveLookup", lookup, schema]))))
    }

    fn resolve_export_data_link(
        &self,
        data_link_table_key: &Value,
        record_id: &Value,
    ) -> Result<Option<Value>, ConfigurationError> {
        Ok(Some(echo(&json!([
            "resolveExportDataLink",
            data_link_table_key,
            record_id
        ]))))
    }

    fn resolve_import_data_link(
        &self,
        data_link_table_key: &Value,
        record_id: &Value,
    ) -> Result<Option<Value>, ConfigurationError> {
        Ok(Some(echo(&json!([
            "resolveImportDataLink",
            data_link_table_key,
            record_id
        ]))))
    }

    fn get_data_collection(
        &self,
        key: Option<&Value>,
        parameters: Option<&Value>,
    ) -> Result<Option<Value>, ConfigurationError> {
        Ok(Some(
            json!({"fieldsSchema": echo(&json!(["getDataCollection", key, parameters]))}),
        ))
    }

    fn get_internal_data_schema(
        &self,
        key: Option<&Value>,
    ) -> Result<Option<Value>, ConfigurationError> {
        Ok(Some(echo(&json!(["getInternalDataSchema", key]))))
    }
}

fn echo(call: &Value) -> Value {
    Value::String(call.to_string())
}
