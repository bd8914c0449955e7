//! The auth block: options, and what they inherit.
//!
//! An option is the connector's own auth overlaid by what the option says; input, parameters and
//! credentials schemas are merged (membrane-connectors reference, section 1.2).

mod required;

use authbridge_core::auth::timing::RefreshTiming;
use authbridge_core::connector::{AuthOption, AuthType, Function, FunctionName, Mapping};
use authbridge_formula::schema::merge_schemas;
use serde_json::Value;

use crate::Code;
use crate::fields::{AUTH, OPTION, UI};
use crate::formulas::{self, Variables};
use crate::object::Object;
use crate::report::{Place, Report};
use crate::suggest::all_of;
use crate::tree::{Entry, Node};

use super::Files;
use super::function::{Resolved, Scope, listed_function, unlisted_function};

/// What all options of a connector share.
struct Shared<'a> {
    /// The auth block, or the flat document itself.
    auth: Object<'a>,
    /// `ui` of the connector, which counts when the auth block has none.
    ui: Option<Object<'a>>,
    parameters_schema: Option<Value>,
    has_base_uri: bool,
    functions: Vec<Resolved>,
}

/// The options of the connector; `None` when something made them unusable.
pub(super) fn read_options(
    files: &mut Files<'_>,
    base: &str,
    spec: Object<'_>,
    record: Option<Object<'_>>,
) -> Option<Vec<AuthOption>> {
    let block = match spec.entry("auth") {
        Some(entry) => Some(Object::view(&entry.value, &AUTH)?),
        None => None,
    };
    let auth = block.unwrap_or(spec);
    let entries = auth
        .get("options")
        .and_then(Node::entries)
        .unwrap_or_default();
    let shared_scope = Scope::of(base, None, shared_type(auth, entries));
    let mut shared = Shared {
        auth,
        ui: spec.object("ui", &UI),
        parameters_schema: merge(
            connector_parameters_schema(spec, record),
            block.and_then(|block| block.value("parametersSchema")),
        ),
        has_base_uri: [Some(spec), record]
            .into_iter()
            .flatten()
            .any(|object| object.base_uri().is_some()),
        functions: listed_functions(files, auth, &shared_scope),
    };
    let options: Vec<Own<'_>> = entries
        .iter()
        .filter_map(|entry| {
            let object = Object::view(&entry.value, &OPTION)?;
            let scope = Scope::of(base, Some(&entry.key), type_of(Some(object), auth));
            Some(Own {
                key: &entry.key,
                object,
                place: entry.key_place,
                functions: own_functions(files, object, &scope),
            })
        })
        .collect();
    add_unlisted(files, &shared_scope, &mut shared.functions);

    if entries.is_empty() {
        return single_option(files, &shared, spec);
    }
    let read: Vec<Option<AuthOption>> = options
        .iter()
        .map(|own| option(files, &shared, Some(own)))
        .collect();
    read.into_iter().collect()
}

/// The schema of connector parameters for all options.
pub(super) fn connector_parameters_schema(
    spec: Object<'_>,
    record: Option<Object<'_>>,
) -> Option<Value> {
    merge(
        record.and_then(|record| record.value("parametersSchema")),
        spec.value("parametersSchema"),
    )
}

/// An option's own part.
struct Own<'a> {
    key: &'a str,
    object: Object<'a>,
    place: Place,
    functions: Vec<Resolved>,
}

impl<'a> Scope<'a> {
    /// Where functions of the option are, or of the connector for `None`.
    fn of(base: &'a str, option: Option<&str>, auth_type: Option<AuthType>) -> Self {
        let home = format!("{base}auth/");
        let mut prefixes = vec![home.clone()];
        if let Some(key) = option {
            prefixes.insert(0, format!("{base}auth/options/{key}/"));
        }
        Self {
            base,
            home,
            prefixes,
            label: option.map_or_else(String::new, |key| format!("options.{key}.")),
            auth_type,
        }
    }
}

/// The auth type that an option has, or without one the connector; `None` for an unknown one.
fn type_of(own: Option<Object<'_>>, auth: Object<'_>) -> Option<AuthType> {
    let own = own.and_then(|own| own.get("type"));
    let name = own.or_else(|| auth.get("type"))?.as_str()?;
    AuthType::from_name(name)
}

/// The auth type for which the functions beside `options` are, if it is the same for all.
fn shared_type(auth: Object<'_>, options: &[Entry]) -> Option<AuthType> {
    let of_option = |entry: &Entry| type_of(Object::view(&entry.value, &OPTION), auth);
    let Some((first, others)) = options.split_first() else {
        return type_of(None, auth);
    };
    of_option(first).filter(|first| others.iter().all(|it| of_option(it) == Some(*first)))
}

fn listed_functions(files: &mut Files<'_>, object: Object<'_>, scope: &Scope<'_>) -> Vec<Resolved> {
    let mut functions = Vec::new();
    for name in FunctionName::ALL {
        if let Some(entry) = object.listed(name.as_str()) {
            functions.push(listed_function(files, scope, name, entry));
        }
    }
    functions
}

/// What the option lists, and the files of its own directory.
fn own_functions(files: &mut Files<'_>, object: Object<'_>, scope: &Scope<'_>) -> Vec<Resolved> {
    let mut functions = listed_functions(files, object, scope);
    add_unlisted(files, scope, &mut functions);
    functions
}

fn add_unlisted(files: &mut Files<'_>, scope: &Scope<'_>, functions: &mut Vec<Resolved>) {
    for name in FunctionName::ALL {
        if functions.iter().all(|function| function.name != name) {
            functions.extend(unlisted_function(files, scope, name));
        }
    }
}

fn single_option(
    files: &mut Files<'_>,
    shared: &Shared<'_>,
    spec: Object<'_>,
) -> Option<Vec<AuthOption>> {
    if shared.auth.get("type").is_some() || !shared.functions.is_empty() {
        return option(files, shared, None).map(|option| vec![option]);
    }
    let place = spec
        .entry("auth")
        .map_or(spec.start(), |auth| auth.key_place);
    files
        .report
        .at(Code::NoAuth, place, "the connector has no auth")
        .label("nobody can connect through it")
        .help(
            "say how the API authenticates: `auth: {type: client-credentials, inputSchema: …, \
             makeApiClient: …}`",
        );
    Some(Vec::new())
}

/// One option, complete; `None` when its type is missing or unknown.
fn option(files: &mut Files<'_>, shared: &Shared<'_>, own: Option<&Own<'_>>) -> Option<AuthOption> {
    let place = own.map_or(shared.auth.start(), |own| own.place);
    let auth_type = auth_type(files, shared, own, place)?;
    let functions = functions(files, shared, own, auth_type);
    required::check(files, shared, own, auth_type, place);
    let object = own.map(|own| own.object);
    let text = |name: &str| {
        object
            .and_then(|object| object.text(name))
            .or_else(|| shared.auth.text(name))
    };
    Some(AuthOption {
        key: own.map(|own| own.key.to_owned()),
        auth_type,
        title: text("title"),
        // In the flat document, the description beside the type is the connector's.
        description: text("description"),
        help_uri: help_uri(shared, object),
        enabled: enabled(&object.unwrap_or(shared.auth), &mut files.report),
        input_schema: merge(
            shared.input_schema(),
            object.and_then(|own| own_input_schema(&own)),
        ),
        parameters_schema: merge(
            shared.parameters_schema.clone(),
            object.and_then(|own| own.value("parametersSchema")),
        ),
        credentials_schema: merge(
            credentials_schema(&shared.auth),
            object.and_then(|own| credentials_schema(&own)),
        ),
        allowed_hosts: hosts(shared, object, "allowedHosts"),
        function_hosts: hosts(shared, object, "functionHosts"),
        proxy_key: text("proxyKey"),
        allowed_child_hosts: hosts(shared, object, "allowedChildHosts"),
        refresh: timing(object).or(timing(Some(shared.auth))),
        functions,
    })
}

fn auth_type(
    files: &mut Files<'_>,
    shared: &Shared<'_>,
    own: Option<&Own<'_>>,
    place: Place,
) -> Option<AuthType> {
    let node = own
        .and_then(|own| own.object.get("type"))
        .or_else(|| shared.auth.get("type"));
    let Some(node) = node else {
        let types = all_of(AuthType::ALL.iter().map(|auth_type| auth_type.as_str()));
        files
            .report
            .at(Code::MissingKey, place, "an auth option needs `type`")
            .help(format!("the types are {types}"));
        return None;
    };
    // An unknown type was reported by the check of the mapping.
    AuthType::from_name(node.as_str()?)
}

/// The option's functions over the connector's, as far as the auth type has them.
fn functions(
    files: &mut Files<'_>,
    shared: &Shared<'_>,
    own: Option<&Own<'_>>,
    auth_type: AuthType,
) -> Vec<Function> {
    // What an option inherits without asking may belong to another option's type.
    let nearest = own.map_or(&shared.functions, |own| &own.functions);
    for resolved in nearest.iter().filter(|own| !own.name.belongs_to(auth_type)) {
        files
            .report
            .at(
                Code::FunctionNotOfType,
                resolved.place,
                format!(
                    "`{}` has no part in auth type `{}`",
                    resolved.name.as_str(),
                    auth_type.as_str()
                ),
            )
            .label("this has no effect");
    }
    FunctionName::ALL
        .into_iter()
        .filter(|name| name.belongs_to(auth_type))
        .filter_map(|name| shared.find(own, name)?.function.clone())
        .collect()
}

impl Shared<'_> {
    fn find<'f>(&'f self, own: Option<&'f Own<'_>>, name: FunctionName) -> Option<&'f Resolved> {
        let nearest = own.map_or([].as_slice(), |own| &own.functions);
        nearest
            .iter()
            .chain(&self.functions)
            .find(|function| function.name == name)
    }

    fn input_schema(&self) -> Option<Value> {
        own_input_schema(&self.auth).or_else(|| self.ui?.value("schema"))
    }
}

/// `refresh`; what it has that is no duration was reported by the check of the mapping.
fn timing(object: Option<Object<'_>>) -> RefreshTiming {
    let value = object.and_then(|object| object.value("refresh"));
    RefreshTiming::from_value(value.as_ref()).unwrap_or_default()
}

fn own_input_schema(object: &Object<'_>) -> Option<Value> {
    object
        .value("inputSchema")
        .or_else(|| object.object("ui", &UI)?.value("schema"))
}

fn credentials_schema(object: &Object<'_>) -> Option<Value> {
    object
        .value("customCredentialsSchema")
        .or_else(|| object.value("credentialsSchema"))
}

fn help_uri(shared: &Shared<'_>, own: Option<Object<'_>>) -> Option<String> {
    let of = |object: Object<'_>| {
        object
            .text("helpUri")
            .or_else(|| object.object("ui", &UI)?.text("helpUri"))
    };
    own.and_then(of)
        .or_else(|| of(shared.auth))
        .or_else(|| shared.ui?.text("helpUri"))
}

fn enabled(object: &Object<'_>, report: &mut Report) -> Option<Mapping> {
    let node = object.get("enabled")?;
    formulas::check(node, &Variables::of_option(), report);
    Some(Mapping::compile(&formulas::to_value(node)))
}

/// The hosts of all options and then the option's own.
fn hosts(shared: &Shared<'_>, own: Option<Object<'_>>, list: &str) -> Vec<String> {
    let mut hosts = shared.auth.texts(list);
    for host in own.map(|own| own.texts(list)).unwrap_or_default() {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts
}

/// `over` merged into `under`.
fn merge(under: Option<Value>, over: Option<Value>) -> Option<Value> {
    match (under, over) {
        (Some(under), Some(over)) => merge_schemas(&[under, over]),
        (under, over) => over.or(under),
    }
}
