//! The asynchronous evaluator's semantics (`resolveFormulas`), with what it asks of the outside as
//! plain functions.

use serde_json::Value;

use crate::eval::{Evaluator, Scope};
use crate::mapping::ConfigurationError;
use crate::node::Node;

/// A function that [`Resolvers`] may provide.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Resolver {
    /// `resolveLookup`, for `$lookup`.
    Lookup,
    /// `resolveExportDataLink`, for `$findExternalRecordId`.
    ExportDataLink,
    /// `resolveImportDataLink`, for `$findAppRecordId`.
    ImportDataLink,
    /// `getDataCollection`, for `$dataSchemaRef`.
    DataCollection,
    /// `getInternalDataSchema`, for `$dataSchemaRef`.
    InternalDataSchema,
}

/// What formulas ask of the outside. A formula whose resolver is not provided stays in place
/// (`$dataSchemaRef`: is undefined); an error of a resolver ends the evaluation.
pub trait Resolvers {
    /// Whether this function is implemented. It is asked before the function is called.
    fn provides(&self, _resolver: Resolver) -> bool {
        false
    }

    /// The record that `lookup` (`{query, createIfNotFound?, create?}`) finds. `schema` describes
    /// the place where the result goes.
    fn resolve_lookup(
        &self,
        _lookup: Option<&Value>,
        _schema: Option<&Value>,
    ) -> Result<Option<Value>, ConfigurationError> {
        Ok(None)
    }

    /// The external record linked to one of the app's.
    fn resolve_export_data_link(
        &self,
        _data_link_table_key: &Value,
        _record_id: &Value,
    ) -> Result<Option<Value>, ConfigurationError> {
        Ok(None)
    }

    /// The app's record linked to an external one.
    fn resolve_import_data_link(
        &self,
        _data_link_table_key: &Value,
        _record_id: &Value,
    ) -> Result<Option<Value>, ConfigurationError> {
        Ok(None)
    }

    /// The specification of a data collection; its `fieldsSchema` is used.
    fn get_data_collection(
        &self,
        _key: Option<&Value>,
        _parameters: Option<&Value>,
    ) -> Result<Option<Value>, ConfigurationError> {
        Ok(None)
    }

    /// A data schema of the app.
    fn get_internal_data_schema(
        &self,
        _key: Option<&Value>,
    ) -> Result<Option<Value>, ConfigurationError> {
        Ok(None)
    }
}

/// No resolvers at all.
impl Resolvers for () {}

/// Evaluates like the original's asynchronous `resolveFormulas`: links are resolved, and two
/// details of `$tpl` and `$case` differ from [`crate::build_value`] (wire contract D.3). `schema`
/// describes the result; the part for each place reaches `resolve_lookup`.
///
/// # Errors
/// What a resolver reports, or that the result would be too large.
pub fn resolve_formulas(
    formula: &Value,
    variables: &Value,
    schema: Option<&Value>,
    resolvers: &dyn Resolvers,
) -> Result<Option<Value>, ConfigurationError> {
    let node = Node::compile(formula);
    let evaluator = Evaluator::with_resolvers(resolvers);
    Ok(evaluator.evaluate_owned(&node, &Scope::Root(variables), schema)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Knows one record, and fails for others.
    struct OneRecord;

    impl Resolvers for OneRecord {
        fn provides(&self, resolver: Resolver) -> bool {
            resolver == Resolver::Lookup
        }

        fn resolve_lookup(
            &self,
            lookup: Option<&Value>,
            schema: Option<&Value>,
        ) -> Result<Option<Value>, ConfigurationError> {
            match lookup.and_then(|lookup| lookup.pointer("/query/name")) {
                Some(name) if name == "known" => Ok(schema.and_then(|s| s.get("title").cloned())),
                Some(_) => Err(ConfigurationError {
                    message: "no such record".to_owned(),
                }),
                None => Ok(None),
            }
        }
    }

    fn lookup(name: &str) -> Value {
        json!({"list": [{"id": {"$lookup": {"query": {"name": name}}}}]})
    }

    #[test]
    fn a_lookup_sees_the_schema_of_its_place() {
        let schema = json!({"type": "object", "properties": {"list": {"type": "array", "items": {
            "type": "object", "properties": {"id": {"title": "Id"}},
        }}}});
        let resolved =
            resolve_formulas(&lookup("known"), &json!({}), Some(&schema), &OneRecord).unwrap();
        assert_eq!(resolved, Some(json!({"list": [{"id": "Id"}]})));
    }

    #[test]
    fn an_error_of_a_resolver_ends_the_evaluation() {
        let error = resolve_formulas(&lookup("other"), &json!({}), None, &OneRecord).unwrap_err();
        assert_eq!(error.message, "no such record");
    }

    #[test]
    fn without_a_resolver_links_stay_in_place() {
        let link = json!({"$findAppRecordId": {"dataLinkTable": {"key": "t"}, "recordId": 5}});
        assert_eq!(
            resolve_formulas(&link, &json!({}), None, &OneRecord),
            Ok(Some(link.clone()))
        );
        assert_eq!(
            resolve_formulas(&link, &json!({}), None, &()),
            Ok(Some(link))
        );
    }
}
