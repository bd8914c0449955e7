//! GraphQL requests, in the shape of the documentation (a document with variables) and in that of
//! the original SDK's types (a tree of fields).

use authbridge_core::connector::{
    GraphqlApiMapping, GraphqlDocument, GraphqlField, GraphqlOperation,
};

use crate::Code;
use crate::formulas::{self, Variables};
use crate::object::{Object, wrong_type};
use crate::report::Report;
use crate::step::Step;
use crate::tree::Node;

/// Keys of the documentation's shape, and of the SDK's.
const DOCUMENT: [&str; 2] = ["query", "variables"];
const TREE: [&str; 2] = ["operationType", "requestMapping"];

/// The request that `object` describes; its keys were checked.
pub(super) fn read(
    step: Step<'_>,
    object: Object<'_>,
    report: &mut Report,
) -> Option<GraphqlApiMapping> {
    let variables = Variables::of(step);
    let document = document(object, &variables, report);
    let mut part = |name: &str, variables: &Variables| {
        let node = object.get(name)?;
        Some(formulas::mapping(node, variables, report))
    };
    let path = part("path", &variables);
    let headers = part("headers", &variables);
    let response_mapping = part("responseMapping", &variables.with_response());
    Some(GraphqlApiMapping {
        path,
        document: document?,
        headers,
        response_mapping,
    })
}

fn document(
    object: Object<'_>,
    variables: &Variables,
    report: &mut Report,
) -> Option<GraphqlDocument> {
    let first = |keys: [&str; 2]| keys.into_iter().find_map(|key| object.entry(key));
    if let (Some(document), Some(tree)) = (first(DOCUMENT), first(TREE)) {
        report
            .at(
                Code::GraphqlShapesMixed,
                tree.key_place,
                format!("`{}` and `{}` do not go together", document.key, tree.key),
            )
            .help(
                "give the document as text with `query` and `variables`, or as a tree with \
                 `operationType` and `requestMapping`",
            );
        return None;
    }
    if let Some(query) = object.get("query") {
        return Some(GraphqlDocument::Query {
            query: formulas::mapping(query, variables, report),
            variables: object
                .get("variables")
                .map(|node| formulas::mapping(node, variables, report)),
        });
    }
    let Some(tree) = object.get("requestMapping") else {
        report
            .at(
                Code::MissingKey,
                object.start(),
                "a GraphQL request needs `query` or `requestMapping`",
            )
            .help("give the GraphQL document under `query`");
        return None;
    };
    let operation = operation(object, report);
    let fields = fields(tree, variables, report);
    Some(GraphqlDocument::Fields {
        operation: operation?,
        fields: fields?,
    })
}

fn operation(object: Object<'_>, report: &mut Report) -> Option<GraphqlOperation> {
    let Some(node) = object.get("operationType") else {
        return Some(GraphqlOperation::Query);
    };
    let Some(text) = node.as_str() else {
        wrong_type(node, "`query` or `mutation`", report);
        return None;
    };
    // Another word was reported by the check of the mapping.
    GraphqlOperation::from_name(text)
}

/// A selection; what is wrong with the names was reported by the check of the mapping.
fn fields(node: &Node, variables: &Variables, report: &mut Report) -> Option<Vec<GraphqlField>> {
    let Some(items) = node.items() else {
        wrong_type(node, "a list of fields", report);
        return None;
    };
    if items.is_empty() {
        report.at(
            Code::InvalidValue,
            node.place,
            "a GraphQL request asks for at least one field",
        );
    }
    // All of them are read, whatever is wrong with one.
    let fields: Vec<Option<GraphqlField>> = items
        .iter()
        .map(|item| field(item, variables, report))
        .collect();
    fields.into_iter().collect()
}

fn field(node: &Node, variables: &Variables, report: &mut Report) -> Option<GraphqlField> {
    let own = |key: &str| node.get(key).filter(|value| !value.is_null());
    let args = own("args").map(|args| formulas::mapping(args, variables, report));
    let sub_fields = match own("subFields") {
        Some(below) if below.items().is_some_and(<[Node]>::is_empty) => Some(Vec::new()),
        Some(below) => fields(below, variables, report),
        None => Some(Vec::new()),
    };
    let name = node.as_str().or_else(|| own("field")?.as_str())?;
    Some(GraphqlField {
        field: name.trim().to_owned(),
        args,
        sub_fields: sub_fields?,
    })
}
