//! What a workspace's pages look like, and who may embed them.

use authbridge_core::settings::OriginPattern;
use authbridge_engine::WorkspaceState;

use super::base;
use super::html::escaped;
use crate::worker::Worker;

/// Logo and name of the workspace at the top of its pages, and the name of who sees them.
pub(super) fn banner(
    worker: &Worker,
    workspace: &WorkspaceState,
    customer: Option<&str>,
) -> String {
    let record = &workspace.record;
    let logo = workspace.settings.logo_uri.as_ref().map(|_| {
        let (base, id) = (escaped(base(worker)), &record.id);
        format!(r#"<img alt="" src="{base}/embed/logos/{id}">"#)
    });
    let name = record.name.as_deref().map(|name| {
        let name = escaped(name);
        format!("<span>{name}</span>")
    });
    let customer = customer.map(|customer| {
        let customer = escaped(customer);
        format!(r#"<span class="who">{customer}</span>"#)
    });
    let parts: String = [logo, name, customer].into_iter().flatten().collect();
    if parts.is_empty() {
        return parts;
    }
    format!(r#"<p class="banner">{parts}</p>"#)
}

/// Who may embed and hear a page.
pub(super) enum Audience<'a> {
    /// Anybody: on a developer's machine, and where a page says and does nothing.
    Anybody,
    /// Those of these origins.
    Origins(&'a [OriginPattern]),
}

impl<'a> Audience<'a> {
    /// That of the pages of `workspace`.
    pub(super) fn of(worker: &Worker, workspace: Option<&'a WorkspaceState>) -> Self {
        match workspace {
            Some(workspace) if !worker.engine.is_development() => {
                Self::Origins(&workspace.settings.embedding_origins)
            }
            Some(_) | None => Self::Anybody,
        }
    }

    /// Who may frame the page, for its policy's `frame-ancestors` (CSP Level 3 section 6.4.2).
    pub(super) fn frame_ancestors(&self) -> Option<String> {
        match self {
            Self::Anybody => None,
            Self::Origins([]) => Some("'none'".to_owned()),
            Self::Origins(origins) => Some(joined(origins.iter().map(OriginPattern::as_str))),
        }
    }

    /// The origins that a page which opened this one may have to be told how it went, for the
    /// script. Who frames it was checked by the policy.
    pub(super) fn targets(&self) -> String {
        match self {
            Self::Anybody => "*".to_owned(),
            Self::Origins(origins) => joined(origins.iter().filter_map(OriginPattern::exact)),
        }
    }
}

fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn origins_are_named_where_browsers_look_for_them() {
        let settings = json!({ "embeddingOrigins": ["https://a.example", "https://*.b.example"] });
        let settings = authbridge_core::settings::WorkspaceSettings::read(&settings).unwrap();
        let some = Audience::Origins(&settings.embedding_origins);
        let expected = "https://a.example https://*.b.example";
        assert_eq!(some.frame_ancestors().as_deref(), Some(expected));
        assert_eq!(some.targets(), "https://a.example");
        let nobody = Audience::Origins(&[]);
        assert_eq!(nobody.frame_ancestors().as_deref(), Some("'none'"));
        assert_eq!(nobody.targets(), "");
        assert_eq!(Audience::Anybody.frame_ancestors(), None);
        assert_eq!(Audience::Anybody.targets(), "*");
    }
}
