//! The types of elements that a workspace consists of, and elements as files have them.

use authbridge_core::element;
use serde_json::Value;

/// A type of element (wire contract G, and our auth proxies and interfaces).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ElementType {
    /// How an API authenticates and what can be done with it.
    Connector,
    /// A workspace's installation of a connector.
    Integration,
    /// The same without being visible: what connectors of type `proxy` authenticate with.
    AuthProxy,
    /// A named, typed unit that a caller runs.
    Action,
    /// An HTTP endpoint: a base URI, authentication, and the actions that call it.
    Interface,
    /// Stored, and not run.
    Flow,
    /// Stored, and not read.
    DataSource,
    /// Stored, and not applied.
    FieldMapping,
    /// Stored, and not filled.
    DataLinkTable,
    /// Stored; no events arrive.
    AppEventType,
    /// Stored, and not called for.
    AppDataSchema,
    /// Stored, and not shown.
    Screen,
    /// Stored, and not offered.
    Scenario,
    /// Stored, and not installed.
    Package,
}

impl ElementType {
    /// Every type, in the order in which a push names them.
    pub const ALL: [Self; 14] = [
        Self::Connector,
        Self::Integration,
        Self::AuthProxy,
        Self::Action,
        Self::Interface,
        Self::Flow,
        Self::DataSource,
        Self::FieldMapping,
        Self::DataLinkTable,
        Self::AppEventType,
        Self::AppDataSchema,
        Self::Screen,
        Self::Scenario,
        Self::Package,
    ];

    /// What the engine keeps such elements as; connectors and integrations are kept apart.
    pub const fn kept_as(self) -> Option<element::ElementType> {
        match self {
            Self::Connector | Self::Integration | Self::AuthProxy => None,
            Self::Action => Some(element::ElementType::Action),
            Self::Interface => Some(element::ElementType::Interface),
            Self::Flow => Some(element::ElementType::Flow),
            Self::DataSource => Some(element::ElementType::DataSource),
            Self::FieldMapping => Some(element::ElementType::FieldMapping),
            Self::DataLinkTable => Some(element::ElementType::DataLinkTable),
            Self::AppEventType => Some(element::ElementType::AppEventType),
            Self::AppDataSchema => Some(element::ElementType::AppDataSchema),
            Self::Screen => Some(element::ElementType::Screen),
            Self::Scenario => Some(element::ElementType::Scenario),
            Self::Package => Some(element::ElementType::Package),
        }
    }

    /// The name in paths, of the API and of directories: `data-sources`.
    pub const fn path(self) -> &'static str {
        match (self, self.kept_as()) {
            (_, Some(kept)) => kept.path(),
            (Self::Integration, None) => "integrations",
            (Self::AuthProxy, None) => "auth-proxies",
            (_, None) => "connectors",
        }
    }

    /// The name of one of them: `data-source`.
    pub const fn word(self) -> &'static str {
        match (self, self.kept_as()) {
            (_, Some(kept)) => kept.singular(),
            (Self::Integration, None) => "integration",
            (Self::AuthProxy, None) => "auth-proxy",
            (_, None) => "connector",
        }
    }

    /// Whether an integration may have its own.
    pub const fn is_of_integrations(self) -> bool {
        match self.kept_as() {
            Some(kept) => kept.has_integration_level(),
            None => false,
        }
    }

    /// The type whose elements stand in a directory of this name: the path, also in camel case.
    pub fn from_directory(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.path() == name || is_camel_case_of(name, kind.path()))
    }

    /// The type that `kind` or `type` of a file names: `action`, `actions`, `http-endpoint`.
    pub fn from_word(word: &str) -> Option<Self> {
        if word == "http-endpoint" {
            return Some(Self::Interface);
        }
        Self::ALL
            .into_iter()
            .find(|kind| kind.word() == word || kind.path() == word)
    }
}

/// Whether `name` is `path` as older command lines wrote it: `dataSources`.
fn is_camel_case_of(name: &str, path: &str) -> bool {
    let mut letters = name.chars();
    let mut after_dash = false;
    for letter in path.chars() {
        if letter == '-' {
            after_dash = true;
            continue;
        }
        let expected = if after_dash {
            letter.to_ascii_uppercase()
        } else {
            letter
        };
        after_dash = false;
        if letters.next() != Some(expected) {
            return false;
        }
    }
    letters.next().is_none()
}

/// An element in a directory that is neither a connector nor an integration.
#[derive(Clone, Debug)]
pub struct ElementFile {
    /// What it is.
    pub element_type: ElementType,
    /// Names it among the elements of its type and integration.
    pub key: String,
    /// The integration that it belongs to; `None` for one of the whole workspace.
    pub integration_key: Option<String>,
    /// The document: without key, integration, and what servers write into pulled files.
    pub content: Value,
    /// Its file, relative to what was loaded.
    pub path: String,
}

#[cfg(test)]
mod tests {
    use super::ElementType;

    #[test]
    fn directories_may_be_in_camel_case() {
        assert_eq!(
            ElementType::from_directory("dataSources"),
            Some(ElementType::DataSource)
        );
        for kind in ElementType::ALL {
            assert_eq!(ElementType::from_directory(kind.path()), Some(kind));
            assert_eq!(ElementType::from_word(kind.word()), Some(kind));
        }
        for name in ["datasources", "dataSourcesX", "data", "Actions", ""] {
            assert_eq!(ElementType::from_directory(name), None, "{name}");
        }
    }

    #[test]
    fn an_endpoint_is_an_interface() {
        assert_eq!(
            ElementType::from_word("http-endpoint"),
            Some(ElementType::Interface)
        );
    }
}
