//! `graphql-api-mapping`: one GraphQL request described by mappings.
//!
//! The request is GraphQL over HTTP: a POST of `{query, variables}` as JSON.

use serde_json::{Map, Value, json};

use super::AuthError;
use crate::client::{Call, CallData, ResponseFacts};
use crate::connector::{GraphqlApiMapping, GraphqlDocument, GraphqlField, Mapping};
use crate::request::Response;

/// How deep values of arguments may nest.
const MAX_DEPTH: usize = 64;

/// Why a GraphQL request cannot be built, or what its answer says. No message shows a value of
/// ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphqlError {
    /// The path is not text.
    #[error("`path` must be a string")]
    Path,
    /// The document is not text.
    #[error("`query` must be a string")]
    Query,
    /// The variables are not an object.
    #[error("`variables` must be an object")]
    Variables,
    /// Arguments of a field are not an object, or nest too deep.
    #[error("`args` of the field `{0}` must be an object")]
    Args(String),
    /// A name that no argument or member may have.
    #[error("`{0}` is not a GraphQL name")]
    Name(String),
}

impl GraphqlError {
    /// The same as an error of the function `name`.
    pub fn of_function(self, name: &str) -> AuthError {
        AuthError::Graphql {
            function: name.to_owned(),
            source: self,
        }
    }
}

/// The request that `mapping` describes for `variables`.
pub fn call(mapping: &GraphqlApiMapping, variables: &Value) -> Result<Call, GraphqlError> {
    let path = match &mapping.path {
        None => String::new(),
        Some(path) => match path.evaluate(variables) {
            Some(Value::String(path)) => path,
            _ => return Err(GraphqlError::Path),
        },
    };
    let headers = mapping
        .headers
        .as_ref()
        .and_then(|headers| headers.evaluate(variables));
    Ok(Call {
        method: "POST".into(),
        path,
        headers: headers.unwrap_or_default(),
        data: CallData::Value(document(&mapping.document, variables)?),
        ..Call::default()
    })
}

/// What the function returns for `response`, whose body is `body`.
///
/// `Err` holds the messages of an answer that has errors and no data, unless the response mapping
/// looks at the errors itself.
pub fn read_response(
    mapping: &GraphqlApiMapping,
    variables: &Value,
    response: &Response,
    body: &Value,
) -> Result<Option<Value>, String> {
    let member = |name: &str| body.get(name).cloned().unwrap_or_default();
    let (data, errors) = (member("data"), member("errors"));
    let reads_errors = mapping.response_mapping.as_ref().is_some_and(reads_errors);
    if data.is_null()
        && !reads_errors
        && let Some(message) = messages(&errors)
    {
        return Err(message);
    }
    let Some(response_mapping) = &mapping.response_mapping else {
        return Ok(Some(data));
    };
    let facts = ResponseFacts {
        status: response.status,
        headers: &response.headers,
        data: Some(&data),
    };
    let mut response = facts.to_value();
    let mut variables = variables.clone();
    if let (Value::Object(members), Value::Object(all)) = (&mut response, &mut variables) {
        members.insert("errors".into(), errors);
        members.insert("extensions".into(), member("extensions"));
        all.insert("response".into(), response);
    }
    Ok(response_mapping.evaluate(&variables))
}

fn reads_errors(mapping: &Mapping) -> bool {
    mapping.source().to_string().contains("errors")
}

fn messages(errors: &Value) -> Option<String> {
    let errors = errors.as_array().filter(|errors| !errors.is_empty())?;
    let messages: Vec<&str> = errors
        .iter()
        .filter_map(|error| error.get("message")?.as_str())
        .take(5)
        .collect();
    Some(if messages.is_empty() {
        "the GraphQL request failed".to_owned()
    } else {
        messages.join("; ")
    })
}

fn document(document: &GraphqlDocument, variables: &Value) -> Result<Value, GraphqlError> {
    match document {
        GraphqlDocument::Query {
            query,
            variables: own,
        } => {
            let Some(Value::String(query)) = query.evaluate(variables) else {
                return Err(GraphqlError::Query);
            };
            let own = match own.as_ref().and_then(|own| own.evaluate(variables)) {
                None | Some(Value::Null) => Map::new(),
                Some(Value::Object(own)) => own,
                Some(_) => return Err(GraphqlError::Variables),
            };
            Ok(json!({ "query": query, "variables": own }))
        }
        GraphqlDocument::Fields { operation, fields } => {
            let mut text = operation.as_str().to_owned();
            write_selection(&mut text, fields, variables)?;
            Ok(json!({ "query": text }))
        }
    }
}

fn write_selection(
    text: &mut String,
    fields: &[GraphqlField],
    variables: &Value,
) -> Result<(), GraphqlError> {
    text.push_str(" {");
    for field in fields {
        text.push(' ');
        text.push_str(&field.field);
        write_args(text, field, variables)?;
        if !field.sub_fields.is_empty() {
            write_selection(text, &field.sub_fields, variables)?;
        }
    }
    text.push_str(" }");
    Ok(())
}

fn write_args(
    text: &mut String,
    field: &GraphqlField,
    variables: &Value,
) -> Result<(), GraphqlError> {
    let args = field
        .args
        .as_ref()
        .and_then(|args| args.evaluate(variables));
    let error = || GraphqlError::Args(field.field.clone());
    let args = match args {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Object(args)) => args,
        Some(_) => return Err(error()),
    };
    if args.is_empty() {
        return Ok(());
    }
    text.push('(');
    write_members(text, &args, MAX_DEPTH)?.ok_or_else(error)?;
    text.push(')');
    Ok(())
}

/// Values as GraphQL literals (GraphQL specification, section 2.9); `None` when they nest too
/// deep. Strings are JSON's, whose escapes GraphQL shares.
fn write_value(text: &mut String, value: &Value, depth: usize) -> Result<Option<()>, GraphqlError> {
    let Some(depth) = depth.checked_sub(1) else {
        return Ok(None);
    };
    match value {
        Value::Object(members) => {
            text.push('{');
            if write_members(text, members, depth)?.is_none() {
                return Ok(None);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                if write_value(text, item, depth)?.is_none() {
                    return Ok(None);
                }
            }
            text.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&value.to_string());
        }
    }
    Ok(Some(()))
}

fn write_members(
    text: &mut String,
    members: &Map<String, Value>,
    depth: usize,
) -> Result<Option<()>, GraphqlError> {
    for (index, (name, value)) in members.iter().enumerate() {
        if !is_name(name) {
            return Err(GraphqlError::Name(name.chars().take(40).collect()));
        }
        if index > 0 {
            text.push_str(", ");
        }
        text.push_str(name);
        text.push_str(": ");
        if write_value(text, value, depth)?.is_none() {
            return Ok(None);
        }
    }
    Ok(Some(()))
}

fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|rest| rest.is_ascii_alphanumeric() || rest == '_')
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    use super::*;
    use crate::connector::GraphqlOperation;

    fn mapping(document: GraphqlDocument, response_mapping: Option<&Value>) -> GraphqlApiMapping {
        GraphqlApiMapping {
            path: Some(Mapping::compile(&json!("/graphql"))),
            document,
            headers: None,
            response_mapping: response_mapping.map(Mapping::compile),
        }
    }

    fn query(response_mapping: Option<&Value>) -> GraphqlApiMapping {
        let document = GraphqlDocument::Query {
            query: Mapping::compile(&json!("query($id: ID!) { user(id: $id) { name } }")),
            variables: Some(Mapping::compile(&json!({"id": {"$var": "input.id"}}))),
        };
        mapping(document, response_mapping)
    }

    fn data(call: Call) -> Value {
        match call.data {
            CallData::Value(value) => value,
            CallData::Empty | CallData::Bytes { .. } => panic!("no document"),
        }
    }

    #[test]
    fn the_documentation_s_shape_sends_query_and_variables() {
        let call = call(&query(None), &json!({"input": {"id": "7"}})).unwrap();
        assert_eq!(
            (call.method.as_str(), call.path.as_str()),
            ("POST", "/graphql")
        );
        let sent = data(call);
        assert_eq!(sent["variables"], json!({"id": "7"}));
        assert!(sent["query"].as_str().unwrap().starts_with("query($id"));
    }

    #[test]
    fn the_sdk_s_shape_writes_fields_and_arguments() {
        let leaf = |field: &str| GraphqlField {
            field: field.into(),
            args: None,
            sub_fields: Vec::new(),
        };
        let user = GraphqlField {
            field: "user".into(),
            args: Some(Mapping::compile(
                &json!({"id": {"$var": "input.id"}, "where": {"tags": ["a\"b", 1, true]}}),
            )),
            sub_fields: vec![leaf("id"), leaf("name")],
        };
        let document = GraphqlDocument::Fields {
            operation: GraphqlOperation::Mutation,
            fields: vec![user],
        };
        let call = call(&mapping(document, None), &json!({"input": {"id": 7}})).unwrap();
        assert_eq!(
            data(call)["query"],
            r#"mutation { user(id: 7, where: {tags: ["a\"b", 1, true]}) { id name } }"#
        );
    }

    #[test]
    fn a_name_from_outside_cannot_break_out_of_the_document() {
        let field = GraphqlField {
            field: "user".into(),
            args: Some(Mapping::compile(&json!({"$var": "input"}))),
            sub_fields: Vec::new(),
        };
        let document = GraphqlDocument::Fields {
            operation: GraphqlOperation::Query,
            fields: vec![field],
        };
        let variables = json!({"input": {"a: 1) { secret } x(b": 2}});
        let refused = call(&mapping(document, None), &variables).unwrap_err();
        assert!(matches!(refused, GraphqlError::Name(_)));
    }

    fn read(mapping: &GraphqlApiMapping, body: &Value) -> Result<Option<Value>, String> {
        let response = Response {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        };
        read_response(mapping, &json!({}), &response, body)
    }

    #[test]
    fn errors_without_data_fail_unless_the_mapping_reads_them() {
        let body = json!({"errors": [{"message": "no such user"}], "data": null});
        assert_eq!(read(&query(None), &body), Err("no such user".into()));
        let reader = query(Some(&json!({"$var": "response.errors[0].message"})));
        assert_eq!(read(&reader, &body), Ok(Some(json!("no such user"))));
    }

    #[test]
    fn without_a_response_mapping_the_data_is_returned() {
        let body = json!({"data": {"user": {"name": "Ada"}}});
        assert_eq!(
            read(&query(None), &body),
            Ok(Some(json!({"user": {"name": "Ada"}})))
        );
    }
}
