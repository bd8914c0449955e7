//! Paths of data locations, such as `/data/users?team=1`.

use serde_json::{Map, Value, json};
use url::form_urlencoded;

use crate::js;

/// A path is not that of a data location.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("Invalid data location path: {path}. It should start with \"data/\"")]
pub struct DataLocationError {
    /// The path, without its leading slash.
    pub path: String,
}

/// The path of a pointer `{key, parameters?}`; undefined without a key. Parameters that are `null`
/// are left out.
pub fn make_data_location_path(pointer: &Value) -> Option<String> {
    let key = pointer.get("key").filter(|key| js::truthy(Some(key)))?;
    let mut path = format!("/data/{}", js::to_string(key));
    let parameters = pointer.get("parameters").and_then(Value::as_object);
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null())
    {
        query.append_pair(name, &js::to_string(value));
    }
    let query = query.finish();
    if !query.is_empty() {
        path.push('?');
        path.push_str(&query);
    }
    Some(path)
}

/// The pointer `{key, parameters}` of a path; undefined for the empty path.
pub fn parse_data_location_path(path: &str) -> Result<Option<Value>, DataLocationError> {
    if path.is_empty() {
        return Ok(None);
    }
    let path = path.strip_prefix('/').unwrap_or(path);
    let Some(location) = path.strip_prefix("data/") else {
        return Err(DataLocationError {
            path: path.to_owned(),
        });
    };
    let mut parts = location.split('?');
    let key = parts.next().unwrap_or_default();
    let query = parts.next().unwrap_or_default();
    let parameters: Map<String, Value> = form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect();
    Ok(Some(json!({"key": key, "parameters": parameters})))
}

/// The pointer of the collection whose records a schema's values refer to, from any of the keywords
/// `referenceCollection`, `referenceCollectionPath` and `referenceCollectionUri`.
pub fn get_reference_collection_pointer(
    schema: &Value,
) -> Result<Option<Value>, DataLocationError> {
    if let Some(pointer) = schema
        .get("referenceCollection")
        .filter(|p| js::truthy(Some(p)))
    {
        return Ok(Some(pointer.clone()));
    }
    let path = ["referenceCollectionPath", "referenceCollectionUri"]
        .iter()
        .find_map(|keyword| schema.get(keyword).and_then(Value::as_str));
    path.map_or(Ok(None), parse_data_location_path)
}

/// The path of the collection whose records a schema's values refer to.
pub fn get_reference_collection_path(schema: &Value) -> Result<Option<String>, DataLocationError> {
    let pointer = get_reference_collection_pointer(schema)?;
    Ok(pointer.as_ref().and_then(make_data_location_path))
}
