//! What a connector asks, as its input schema says it.

use serde_json::Value;

/// One thing that is asked.
pub(super) struct Field<'a> {
    /// Its name in the input.
    pub(super) name: &'a str,
    /// What people see.
    pub(super) title: &'a str,
    /// What it is good for, or where to find it.
    pub(super) description: Option<&'a str>,
    /// Whether nothing works without it.
    pub(super) is_required: bool,
    /// Whether nobody shall see it.
    pub(super) is_secret: bool,
    /// What is taken when nothing is given.
    pub(super) default: Option<&'a Value>,
    /// The values to choose from; empty for any.
    pub(super) choices: &'a [Value],
    /// Whether its value is text, and not JSON.
    is_text: bool,
}

/// The fields of `schema` in its order.
pub(super) fn of(schema: Option<&Value>) -> Vec<Field<'_>> {
    let properties = schema.and_then(|schema| schema.get("properties")?.as_object());
    let required = schema.and_then(|schema| schema.get("required")?.as_array());
    let is_required = |name: &str| {
        let mut required = required.into_iter().flatten();
        required.any(|required| required.as_str() == Some(name))
    };
    properties
        .into_iter()
        .flatten()
        .map(|(name, schema)| Field::new(name, schema, is_required(name)))
        .collect()
}

impl<'a> Field<'a> {
    fn new(name: &'a str, schema: &'a Value, is_required: bool) -> Self {
        let text = |member: &str| schema.get(member).and_then(Value::as_str);
        let default = schema.get("default").or_else(|| schema.get("const"));
        let choices = schema.get("enum").and_then(Value::as_array);
        Self {
            name,
            title: text("title").unwrap_or(name),
            description: text("description"),
            is_required: is_required && default.is_none(),
            is_secret: is_secret(name, schema),
            default,
            choices: choices.map_or(&[], Vec::as_slice),
            is_text: text("type").is_none_or(|kind| kind == "string"),
        }
    }

    /// The value that `typed` means; `None` when it means none.
    pub(super) fn value(&self, typed: &str) -> Option<Value> {
        if !self.choices.is_empty() {
            let same = |choice: &&Value| plain(choice) == typed;
            return self.choices.iter().find(same).cloned();
        }
        if self.is_text {
            return Some(typed.into());
        }
        serde_json::from_str(typed).ok()
    }

    /// What can be given, for those who gave something else.
    pub(super) fn expected(&self) -> String {
        if self.choices.is_empty() {
            return format!("`{}` is given as JSON, such as `1` or `true`", self.name);
        }
        let choices: Vec<String> = self.choices.iter().map(plain).collect();
        format!("`{}` is one of {}", self.name, choices.join(", "))
    }
}

/// A value as people read it.
pub(super) fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Few schemas say that something is secret; its name often does.
fn is_secret(name: &str, schema: &Value) -> bool {
    let is = |member: &str| schema.get(member).and_then(Value::as_bool) == Some(true);
    let format = schema.get("format").and_then(Value::as_str);
    if format == Some("password") || is("isSensitive") || is("isSecret") {
        return true;
    }
    let name = name.to_lowercase();
    [
        "password",
        "secret",
        "token",
        "apikey",
        "api_key",
        "privatekey",
        "private_key",
    ]
    .iter()
    .any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_says_what_is_asked() {
        let schema = json!({
            "properties": {
                "apiKey": { "type": "string", "title": "API key" },
                "region": { "type": "string", "enum": ["eu", "us"], "default": "eu" },
                "shard": { "type": "integer" },
                "pin": { "type": "string", "format": "password" },
            },
            "required": ["apiKey", "region"],
        });
        let fields = of(Some(&schema));
        let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
        assert_eq!(names, ["apiKey", "region", "shard", "pin"]);
        let required: Vec<bool> = fields.iter().map(|field| field.is_required).collect();
        assert_eq!(required, [true, false, false, false]);
        let secret: Vec<bool> = fields.iter().map(|field| field.is_secret).collect();
        assert_eq!(secret, [true, false, false, true]);
        assert_eq!(fields[0].title, "API key");
        assert_eq!(fields[1].value("eu"), Some(json!("eu")));
        assert_eq!(fields[1].value("asia"), None);
        assert_eq!(fields[1].expected(), "`region` is one of eu, us");
        assert_eq!(fields[2].value("7"), Some(json!(7)));
        assert_eq!(fields[2].value("seven"), None);
        assert_eq!(fields[3].value("0042"), Some(json!("0042")));
        assert!(of(None).is_empty());
    }
}
