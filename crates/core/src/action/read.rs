//! From what an action's document says to an [`Action`].

use std::sync::Arc;

use authbridge_formula::Mapping;
use authbridge_module::{Language, SourceFile, link};
use serde_json::{Map, Value};

use super::{Action, ActionKind, ActionRequest, DataAction};
use crate::connector::{RestApiMapping, Script};

/// The types of data actions (wire contract G).
const DATA_TYPES: [&str; 8] = [
    "list-data-records",
    "find-data-record-by-id",
    "match-data-record",
    "search-data-record",
    "create-data-record",
    "find-or-create-data-record",
    "update-data-record",
    "delete-data-record",
];

/// Why a document is no action that can run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActionError {
    /// It says nothing of what it does, or something unknown.
    #[error(
        "the action `{key}` has {}; give one such as `type: api-request-to-external-app`",
        type_problem(action_type.as_deref())
    )]
    Type {
        /// The action.
        key: String,
        /// What it says.
        action_type: Option<String>,
    },
    /// Something that its type needs is not there.
    #[error("the action `{key}` needs `{member}`, such as `{example}`")]
    Lacks {
        /// The action.
        key: String,
        /// What is not there.
        member: &'static str,
        /// How it might look.
        example: &'static str,
    },
    /// A member has the wrong shape.
    #[error("the action `{key}`: `{member}` must be {expected}")]
    Shape {
        /// The action.
        key: String,
        /// Which member.
        member: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// Its code cannot be used.
    #[error("the code of the action `{key}`, line {line}: {message}")]
    Code {
        /// The action.
        key: String,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
}

fn type_problem(action_type: Option<&str>) -> String {
    match action_type {
        Some(unknown) => format!("the unknown type `{unknown}`"),
        None => "no `type`".to_owned(),
    }
}

impl Action {
    /// Reads what the action `key` says.
    pub fn read(key: &str, content: &Value) -> Result<Self, ActionError> {
        let text = |name: &str| content.get(name).and_then(Value::as_str);
        let reader = Reader {
            key,
            config: content.get("config").unwrap_or(&Value::Null),
        };
        Ok(Self {
            key: key.to_owned(),
            name: text("name").unwrap_or(key).to_owned(),
            description: text("description").map(str::to_owned),
            kind: reader.kind(text("type"))?,
            input_schema: member(content, "inputSchema").cloned(),
            output_mapping: member(content, "outputMapping").map(Mapping::compile),
        })
    }
}

struct Reader<'a> {
    key: &'a str,
    config: &'a Value,
}

impl Reader<'_> {
    fn kind(&self, action_type: Option<&str>) -> Result<ActionKind, ActionError> {
        let lacking = |member, example| self.lacks(member, example);
        match action_type {
            Some("api-request-to-external-app" | "api-request") => {
                Ok(ActionKind::ExternalRequest(self.request()?))
            }
            Some("api-request-to-your-app") => Ok(ActionKind::AppRequest(self.request()?)),
            Some("http-request") => Ok(ActionKind::HttpRequest(self.request()?)),
            Some("connector-operation") => {
                let operation = member(self.config, "operationKey").and_then(Value::as_str);
                let key = operation.ok_or_else(|| {
                    lacking(
                        "config.operationKey",
                        "config: {operationKey: find-contact}",
                    )
                })?;
                let input = ["inputMapping", "input"];
                Ok(ActionKind::Operation {
                    key: key.to_owned(),
                    input: first(self.config, &input).map(Mapping::compile),
                })
            }
            Some("run-javascript") => self.code().map(ActionKind::Javascript),
            Some(data) if DATA_TYPES.contains(&data) => Ok(ActionKind::Data(DataAction {
                action_type: data.to_owned(),
                data_source: self.data_source(),
            })),
            other => Err(ActionError::Type {
                key: self.key.to_owned(),
                action_type: other.map(str::to_owned),
            }),
        }
    }

    fn lacks(&self, member: &'static str, example: &'static str) -> ActionError {
        ActionError::Lacks {
            key: self.key.to_owned(),
            member,
            example,
        }
    }

    /// The request below `config.request`, or beside it as older files have it.
    fn request(&self) -> Result<ActionRequest, ActionError> {
        const PATHS: [&str; 3] = ["path", "uri", "url"];
        let request = match member(self.config, "request") {
            None => self.config,
            Some(request @ Value::Object(_)) => request,
            Some(_) => {
                return Err(ActionError::Shape {
                    key: self.key.to_owned(),
                    member: "config.request",
                    expected: "an object",
                });
            }
        };
        let path = first(request, &PATHS).ok_or_else(|| {
            self.lacks(
                "config.request",
                "config: {request: {method: GET, path: /me}}",
            )
        })?;
        let part = |names: &[&str]| first(request, names).map(Mapping::compile);
        Ok(ActionRequest {
            method: Mapping::compile(request.get("method").unwrap_or(&Value::Null)),
            parts: RestApiMapping {
                path: Mapping::compile(path),
                method: String::new(),
                path_parameters: part(&["pathParameters"]),
                query: part(&["query"]),
                headers: part(&["headers"]),
                data: part(&["data", "body"]),
                response_mapping: None,
            },
        })
    }

    fn code(&self) -> Result<Script, ActionError> {
        let code = member(self.config, "code").and_then(Value::as_str);
        let code = code.ok_or_else(|| {
            self.lacks(
                "config.code",
                "config: {code: 'export default ({input}) => input'}",
            )
        })?;
        let file = format!("actions/{}.ts", self.key);
        let linked = link(&file, &mut |path| {
            (path == file).then(|| SourceFile {
                text: code.to_owned(),
                language: Language::TypeScript,
            })
        });
        if let Some(program) = linked.program {
            return Ok(Script {
                program: Arc::new(program),
            });
        }
        let problem = linked.problems.into_iter().next();
        let before = problem.as_ref().and_then(|it| code.get(..it.start));
        Err(ActionError::Code {
            key: self.key.to_owned(),
            line: before.map_or(1, |before| before.matches('\n').count() + 1),
            message: problem.map_or_else(|| "it cannot be read".to_owned(), |it| it.message),
        })
    }

    fn data_source(&self) -> Option<String> {
        let source = member(self.config, "dataSource")?;
        let key = source.get("key").unwrap_or(source);
        key.as_str().map(str::to_owned)
    }
}

/// The actions of an interface's `actions`: keys of actions of the workspace, and actions that
/// stand in the interface itself, by their keys.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinkedActions {
    /// Of the workspace.
    pub keys: Vec<String>,
    /// In the interface.
    pub inline: Map<String, Value>,
}

impl LinkedActions {
    /// Reads `actions` of an interface: a list of keys and documents, or documents by key.
    pub fn of(interface: &Value) -> Self {
        let mut linked = Self::default();
        match interface.get("actions") {
            Some(Value::Array(items)) => {
                for item in items {
                    match (item, item.get("key").and_then(Value::as_str)) {
                        (Value::String(key), _) => linked.keys.push(key.clone()),
                        (item, Some(key)) => {
                            linked.inline.insert(key.to_owned(), item.clone());
                        }
                        (_, None) => {}
                    }
                }
            }
            Some(Value::Object(members)) => {
                for (key, item) in members {
                    if item.is_object() {
                        linked.inline.insert(key.clone(), item.clone());
                    } else {
                        linked.keys.push(key.clone());
                    }
                }
            }
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => {}
        }
        linked
    }

    /// Whether an action is among them.
    pub fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|known| known == key) || self.inline.contains_key(key)
    }
}

fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.get(name).filter(|member| !member.is_null())
}

fn first<'a>(value: &'a Value, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| member(value, name))
}
