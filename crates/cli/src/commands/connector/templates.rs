//! The files of a new connector, as text with `{{placeholders}}`.

use url::Url;

use crate::args::{Flavour, ScaffoldLanguage};

/// A file to be made.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NewFile {
    /// Relative to the connector's directory.
    pub(super) path: String,
    pub(super) text: String,
    /// The schema that editors check it by; `None` for code.
    pub(super) schema: Option<&'static str>,
    /// What it is for, for the list of files.
    pub(super) purpose: &'static str,
}

/// What the new connector is about.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) key: &'a str,
    pub(super) name: &'a str,
    pub(super) base_uri: &'a str,
    pub(super) flavour: Flavour,
    pub(super) language: ScaffoldLanguage,
}

/// A function, in YAML and as code.
struct Part {
    /// The name of its file below `auth/`, without suffix.
    stem: &'static str,
    purpose: &'static str,
    kind: Kind,
    yaml: &'static str,
    code: &'static str,
}

#[derive(Clone, Copy)]
enum Kind {
    Mapping,
    Rest,
}

/// The files of one flavour.
struct Template {
    spec: &'static str,
    parts: &'static [Part],
    cases: &'static str,
    provider: &'static str,
}

macro_rules! template {
    ($name:literal) => {
        include_str!(concat!("templates/", $name))
    };
}

const TEST: Part = Part {
    stem: "test",
    purpose: "one request that shows whether the credentials work",
    kind: Kind::Rest,
    yaml: template!("common/test.rest.yml"),
    code: template!("common/test.code"),
};

const CLIENT_PURPOSE: &str = "what every request to the API carries";

const BEARER: Part = Part {
    stem: "make-api-client",
    purpose: CLIENT_PURPOSE,
    kind: Kind::Mapping,
    yaml: template!("common/bearer.map.yml"),
    code: template!("common/bearer.code"),
};

const OAUTH_PURPOSE: &str = "the provider's endpoints and your client there";

const API_KEY: Template = Template {
    spec: template!("api-key/spec.yml"),
    parts: &[
        Part {
            stem: "make-api-client",
            purpose: CLIENT_PURPOSE,
            kind: Kind::Mapping,
            yaml: template!("api-key/make-api-client.map.yml"),
            code: template!("api-key/make-api-client.code"),
        },
        TEST,
    ],
    cases: template!("api-key/test.cases.yml"),
    provider: template!("api-key/provider.yml"),
};

const BASIC: Template = Template {
    spec: template!("basic/spec.yml"),
    parts: &[
        Part {
            stem: "make-api-client",
            purpose: CLIENT_PURPOSE,
            kind: Kind::Mapping,
            yaml: template!("basic/make-api-client.map.yml"),
            code: template!("basic/make-api-client.code"),
        },
        TEST,
    ],
    cases: template!("basic/test.cases.yml"),
    provider: template!("basic/provider.yml"),
};

const SESSION: Template = Template {
    spec: template!("session/spec.yml"),
    parts: &[
        Part {
            stem: "get-credentials-from-connection-parameters",
            purpose: "trades what the user typed for a token",
            kind: Kind::Rest,
            yaml: template!("session/get-credentials-from-connection-parameters.rest.yml"),
            code: template!("session/get-credentials-from-connection-parameters.code"),
        },
        Part {
            stem: "refresh-credentials",
            purpose: "a new token when the old one has expired",
            kind: Kind::Rest,
            yaml: template!("session/refresh-credentials.rest.yml"),
            code: template!("session/refresh-credentials.code"),
        },
        BEARER,
        TEST,
        Part {
            stem: "disconnect",
            purpose: "ends the session at the API",
            kind: Kind::Rest,
            yaml: template!("session/disconnect.rest.yml"),
            code: template!("session/disconnect.code"),
        },
    ],
    cases: template!("session/test.cases.yml"),
    provider: template!("session/provider.yml"),
};

const OAUTH2: Template = Template {
    spec: template!("oauth2/spec.yml"),
    parts: &[
        Part {
            stem: "get-oauth-config",
            purpose: OAUTH_PURPOSE,
            kind: Kind::Mapping,
            yaml: template!("oauth2/get-oauth-config.map.yml"),
            code: template!("oauth2/get-oauth-config.code"),
        },
        BEARER,
        TEST,
    ],
    cases: template!("oauth2/test.cases.yml"),
    provider: template!("oauth2/provider.yml"),
};

const OAUTH1: Template = Template {
    spec: template!("oauth1/spec.yml"),
    parts: &[
        Part {
            stem: "get-oauth-config",
            purpose: OAUTH_PURPOSE,
            kind: Kind::Mapping,
            yaml: template!("oauth1/get-oauth-config.map.yml"),
            code: template!("oauth1/get-oauth-config.code"),
        },
        Part {
            stem: "make-api-client",
            purpose: "where requests to the API go",
            kind: Kind::Mapping,
            yaml: template!("oauth1/make-api-client.map.yml"),
            code: template!("oauth1/make-api-client.code"),
        },
        TEST,
    ],
    cases: template!("oauth1/test.cases.yml"),
    provider: template!("oauth1/provider.yml"),
};

const PROXY: Template = Template {
    spec: template!("proxy/spec.yml"),
    parts: &[BEARER, TEST],
    cases: template!("proxy/test.cases.yml"),
    provider: template!("common/provider.yml"),
};

const TOKEN: Template = Template {
    spec: template!("token/spec.yml"),
    parts: &[TEST],
    cases: template!("token/test.cases.yml"),
    provider: template!("common/provider.yml"),
};

const fn of(flavour: Flavour) -> &'static Template {
    match flavour {
        Flavour::ApiKey => &API_KEY,
        Flavour::Basic => &BASIC,
        Flavour::Session => &SESSION,
        Flavour::Oauth2 => &OAUTH2,
        Flavour::Oauth1 => &OAUTH1,
        Flavour::Proxy => &PROXY,
        Flavour::IntegrationAppToken | Flavour::MembraneToken => &TOKEN,
    }
}

/// The files of a new connector, in the order in which one reads them.
pub(super) fn files(subject: Subject<'_>) -> Vec<NewFile> {
    let template = of(subject.flavour);
    let file = |path: String, text: &str, purpose| NewFile {
        text: fill(text, subject),
        schema: schema(&path, subject.flavour),
        path,
        purpose,
    };
    let mut files = vec![file(
        "spec.yml".into(),
        template.spec,
        "what it is, and how its API authenticates",
    )];
    for part in template.parts {
        let (extension, text) = match subject.language {
            ScaffoldLanguage::Yaml => (extension(part.kind, subject.language), part.yaml),
            ScaffoldLanguage::Ts | ScaffoldLanguage::Js => {
                (extension(part.kind, subject.language), part.code)
            }
        };
        let path = format!("auth/{}.{extension}", part.stem);
        files.push(file(path, text, part.purpose));
    }
    files.push(file(
        "tests/cases.yml".into(),
        template.cases,
        "cases: this goes in, these requests are made, that comes out",
    ));
    files.push(file(
        "tests/provider.yml".into(),
        template.provider,
        "what the simulated API knows and answers",
    ));
    files
}

fn schema(path: &str, flavour: Flavour) -> Option<&'static str> {
    match path {
        "spec.yml" => Some("spec"),
        "auth/get-oauth-config.map.yml" if flavour == Flavour::Oauth1 => Some("oauth1-config"),
        "auth/get-oauth-config.map.yml" => Some("oauth2-config"),
        "tests/cases.yml" => Some("connector-test"),
        "tests/provider.yml" => Some("connector-test-provider"),
        path if path.ends_with(".map.yml") => Some("mapping"),
        path if path.ends_with(".rest.yml") => Some("rest-api-mapping"),
        _ => None,
    }
}

const fn extension(kind: Kind, language: ScaffoldLanguage) -> &'static str {
    match (language, kind) {
        (ScaffoldLanguage::Yaml, Kind::Mapping) => "map.yml",
        (ScaffoldLanguage::Yaml, Kind::Rest) => "rest.yml",
        (ScaffoldLanguage::Ts, Kind::Mapping | Kind::Rest) => "ts",
        (ScaffoldLanguage::Js, Kind::Mapping | Kind::Rest) => "js",
    }
}

const fn implementation_type(kind: Kind, language: ScaffoldLanguage) -> &'static str {
    match (language, kind) {
        (ScaffoldLanguage::Yaml, Kind::Mapping) => "mapping",
        (ScaffoldLanguage::Yaml, Kind::Rest) => "rest-api-mapping",
        (ScaffoldLanguage::Ts | ScaffoldLanguage::Js, Kind::Mapping | Kind::Rest) => "javascript",
    }
}

/// `text` with its placeholders filled in. What only TypeScript needs stands between `{{#ts}}` and
/// `{{/ts}}`, each on a line of its own, or is `{{:Arguments}}`.
fn fill(text: &str, subject: Subject<'_>) -> String {
    let is_typed = subject.language == ScaffoldLanguage::Ts;
    let mut filled = String::new();
    let mut is_left_out = false;
    for line in text.lines() {
        match line {
            "{{#ts}}" => is_left_out = !is_typed,
            "{{/ts}}" => is_left_out = false,
            _ if is_left_out => {}
            line => {
                filled.push_str(line);
                filled.push('\n');
            }
        }
    }
    let language = subject.language;
    let token_headers = match subject.flavour {
        Flavour::MembraneToken => ", in the headers X-Membrane-Token and X-Integration-App-Token",
        Flavour::ApiKey
        | Flavour::Basic
        | Flavour::Session
        | Flavour::Oauth2
        | Flavour::Oauth1
        | Flavour::Proxy
        | Flavour::IntegrationAppToken => ", in the header X-Integration-App-Token",
    };
    let name = plain_or_quoted(subject.name);
    let base_path = Url::parse(subject.base_uri).ok();
    let base_path = base_path.as_ref().map_or("", Url::path);
    let values = [
        ("{{key}}", subject.key),
        ("{{name}}", name.as_str()),
        ("{{baseUri}}", subject.base_uri),
        ("{{basePath}}", base_path.trim_end_matches('/')),
        ("{{authType}}", subject.flavour.auth_type().as_str()),
        ("{{tokenHeaders}}", token_headers),
        ("{{mapExtension}}", extension(Kind::Mapping, language)),
        ("{{restExtension}}", extension(Kind::Rest, language)),
        ("{{mapType}}", implementation_type(Kind::Mapping, language)),
        ("{{restType}}", implementation_type(Kind::Rest, language)),
        ("{{:Arguments}}", if is_typed { ": Arguments" } else { "" }),
    ];
    for (placeholder, value) in values {
        filled = filled.replace(placeholder, value);
    }
    filled
}

/// `text` as a YAML scalar.
fn plain_or_quoted(text: &str) -> String {
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .chars()
            .all(|it| it.is_alphanumeric() || matches!(it, ' ' | '-' | '_' | '.'))
        && !["true", "false", "null", "yes", "no"].contains(&text.to_ascii_lowercase().as_str());
    if is_plain {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    fn subject(flavour: Flavour, language: ScaffoldLanguage) -> Subject<'static> {
        Subject {
            key: "crm",
            name: "A \"CRM\": ours",
            base_uri: "https://api.crm.example",
            flavour,
            language,
        }
    }

    #[test]
    fn no_placeholder_is_left() {
        for flavour in Flavour::value_variants() {
            for language in ScaffoldLanguage::value_variants() {
                for file in files(subject(*flavour, *language)) {
                    let text = file
                        .text
                        .replace("{{token}}", "")
                        .replace("{{refreshToken}}", "");
                    assert!(!text.contains("{{"), "{}: {text}", file.path);
                }
            }
        }
    }

    #[test]
    fn types_are_for_typescript_only() {
        let test = |language| files(subject(Flavour::ApiKey, language)).remove(2);
        let (ts, js) = (test(ScaffoldLanguage::Ts), test(ScaffoldLanguage::Js));
        assert_eq!(
            (ts.path.as_str(), js.path.as_str()),
            ("auth/test.ts", "auth/test.js")
        );
        assert!(ts.text.contains("interface Arguments") && ts.text.contains("}: Arguments)"));
        assert!(!js.text.contains("Arguments"), "{}", js.text);
    }

    #[test]
    fn a_name_that_yaml_would_misread_is_quoted() {
        assert_eq!(plain_or_quoted("My CRM 2.0"), "My CRM 2.0");
        for name in ["yes", "a: b", "#1", "1", "- x", "\"x"] {
            assert!(plain_or_quoted(name).starts_with('"'), "{name}");
        }
    }
}
