//! Elements of a workspace: what its owner describes in files beside connectors and integrations.
//!
//! One table says how every type is called, where it is served, and at which levels it exists
//! (wire contract G).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::Effects;
use crate::id::{generate, is_id};

/// The type of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ElementType {
    /// A named, typed unit that callers run.
    Action,
    /// An HTTP endpoint with its own authentication, and the actions that call it.
    Interface,
    /// A graph of steps that triggers start.
    Flow,
    /// A pointer to a collection of the external app.
    DataSource,
    /// How fields of the app and of the external app correspond.
    FieldMapping,
    /// Which records of the app and of the external app belong together.
    DataLinkTable,
    /// Something that happens in the app.
    AppEventType,
    /// The shape of the app's records.
    AppDataSchema,
    /// A page that is shown to customers.
    Screen,
    /// A bundle of the above in older workspaces.
    Scenario,
    /// A bundle of the above.
    Package,
}

/// What is to be known of a type.
struct Facts {
    path: &'static str,
    singular: &'static str,
    noun: &'static str,
    id_prefix: &'static str,
    /// Only types that exist at integration level have parents.
    parent_member: Option<&'static str>,
}

impl ElementType {
    /// All types, in the order in which a workspace is listed.
    pub const ALL: [Self; 11] = [
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

    const fn facts(self) -> Facts {
        match self {
            Self::Action => facts("actions", "action", "Action", "act", Some("parentId")),
            Self::Interface => facts("interfaces", "interface", "Interface", "ifc", None),
            Self::Flow => facts("flows", "flow", "Flow", "flw", Some("universalFlowId")),
            Self::DataSource => facts(
                "data-sources",
                "data-source",
                "Data source",
                "dsc",
                Some("universalDataSourceId"),
            ),
            Self::FieldMapping => facts(
                "field-mappings",
                "field-mapping",
                "Field mapping",
                "fmp",
                Some("universalFieldMappingId"),
            ),
            Self::DataLinkTable => facts(
                "data-link-tables",
                "data-link-table",
                "Data link table",
                "dlt",
                None,
            ),
            Self::AppEventType => facts(
                "app-event-types",
                "app-event-type",
                "App event type",
                "aet",
                None,
            ),
            Self::AppDataSchema => facts(
                "app-data-schemas",
                "app-data-schema",
                "App data schema",
                "ads",
                None,
            ),
            Self::Screen => facts("screens", "screen", "Screen", "scr", None),
            Self::Scenario => facts("scenarios", "scenario", "Scenario", "scn", None),
            Self::Package => facts("packages", "package", "Package", "pkg", Some("parentId")),
        }
    }

    /// Its name in paths, directories and pushes: `data-sources`.
    pub const fn path(self) -> &'static str {
        self.facts().path
    }

    /// The path of one that is chosen by query: `data-source`.
    pub const fn singular(self) -> &'static str {
        self.facts().singular
    }

    /// Its name for people: `Data source`.
    pub const fn noun(self) -> &'static str {
        self.facts().noun
    }

    /// What its ids begin with, before the underscore.
    pub const fn id_prefix(self) -> &'static str {
        self.facts().id_prefix
    }

    /// The member that names the universal element which one of an integration comes from; `None`
    /// for types that have no integration level.
    pub const fn parent_member(self) -> Option<&'static str> {
        self.facts().parent_member
    }

    /// Whether integrations can have elements of this type of their own.
    pub const fn has_integration_level(self) -> bool {
        self.parent_member().is_some()
    }

    /// The type with this [`path`](Self::path).
    pub fn from_path(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.path() == path)
    }
}

const fn facts(
    path: &'static str,
    singular: &'static str,
    noun: &'static str,
    id_prefix: &'static str,
    parent_member: Option<&'static str>,
) -> Facts {
    Facts {
        path,
        singular,
        noun,
        id_prefix,
        parent_member,
    }
}

impl fmt::Display for ElementType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.path())
    }
}

/// Text that is not the path of an element type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a type of element")]
pub struct UnknownElementType(String);

impl FromStr for ElementType {
    type Err = UnknownElementType;

    fn from_str(text: &str) -> Result<Self, UnknownElementType> {
        Self::from_path(text).ok_or_else(|| UnknownElementType(text.to_owned()))
    }
}

/// Names an element; begins with its type's prefix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ElementId(Arc<str>);

/// Text that is not the id of an element.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the id of an element")]
pub struct ParseElementIdError;

impl ElementId {
    /// A new id for an element of a type, unlike any other.
    pub fn generate(element_type: ElementType, effects: &Effects) -> Self {
        Self(generate(element_type.id_prefix(), effects).into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ElementId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for ElementId {
    type Err = ParseElementIdError;

    fn from_str(text: &str) -> Result<Self, ParseElementIdError> {
        let is_one = ElementType::ALL
            .iter()
            .any(|each| is_id(text, each.id_prefix()));
        is_one.then(|| Self(text.into())).ok_or(ParseElementIdError)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn paths_names_and_prefixes_tell_types_apart() {
        let of = |fact: fn(ElementType) -> &'static str| {
            ElementType::ALL
                .map(fact)
                .into_iter()
                .collect::<BTreeSet<_>>()
                .len()
        };
        assert_eq!(of(ElementType::path), ElementType::ALL.len());
        assert_eq!(of(ElementType::singular), ElementType::ALL.len());
        assert_eq!(of(ElementType::id_prefix), ElementType::ALL.len());
        for each in ElementType::ALL {
            assert_eq!(each.path().parse(), Ok(each));
        }
    }

    #[test]
    fn an_id_reads_back_and_others_are_refused() {
        let id = ElementId::generate(ElementType::Flow, &Effects::of_the_system());
        assert!(id.as_str().starts_with("flw_"));
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        assert!("create-contact".parse::<ElementId>().is_err());
        assert!(
            "int_01hzy3v0000000000000000000"
                .parse::<ElementId>()
                .is_err()
        );
    }
}
