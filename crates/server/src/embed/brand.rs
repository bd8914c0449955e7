//! What a workspace's pages look like, and who may embed them.

use authbridge_core::settings::{Color, OriginPattern};
use authbridge_engine::WorkspaceState;

use super::base;
use super::html::escaped;
use crate::worker::Worker;

/// What cards look like in the style sheet, in light and in dark.
const LIGHT: Color = Color::WHITE;
const DARK: Color = Color {
    red: 0x1b,
    green: 0x20,
    blue: 0x26,
};

/// How the name of a style sheet of a colour begins; its digits and `.css` follow.
const PREFIX: &str = "brand-";

/// The style sheet of a workspace's colour, if it has one, as the page's head names it.
pub(super) fn style_link(worker: &Worker, workspace: &WorkspaceState) -> String {
    let Some(color) = workspace.settings.brand_color else {
        return String::new();
    };
    let digits = color.to_string();
    let digits = digits.trim_start_matches('#');
    let base = escaped(base(worker));
    format!("<link rel=\"stylesheet\" href=\"{base}/embed/assets/{PREFIX}{digits}.css\">\n")
}

/// The style sheet of this name, if it is one of a colour.
pub(super) fn style_sheet(name: &str) -> Option<String> {
    let digits = name.strip_prefix(PREFIX)?.strip_suffix(".css")?;
    let color: Color = format!("#{digits}").parse().ok()?;
    let accents = |card: Color| {
        let accent = color.readable_on(card);
        format!(":root{{--accent:{accent};--on-accent:{}}}", accent.text())
    };
    Some(format!(
        "{}@media (prefers-color-scheme:dark){{{}}}\n",
        accents(LIGHT),
        accents(DARK)
    ))
}

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

    /// The directive of the page's Content Security Policy (CSP Level 3 section 6.4.2).
    pub(super) fn frame_ancestors(&self) -> String {
        match self {
            Self::Anybody => String::new(),
            Self::Origins([]) => "; frame-ancestors 'none'".to_owned(),
            Self::Origins(origins) => format!(
                "; frame-ancestors {}",
                joined(origins.iter().map(OriginPattern::as_str))
            ),
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
    fn a_colour_has_a_style_sheet_and_nothing_else_has() {
        let sheet = style_sheet("brand-0a7d5a.css").unwrap();
        assert!(
            sheet.starts_with(":root{--accent:#0a7d5a;--on-accent:#ffffff}"),
            "{sheet}"
        );
        assert!(sheet.contains("prefers-color-scheme:dark"));
        for name in [
            "brand-.css",
            "brand-red.css",
            "brand-0a7d5a",
            "style.css",
            "brand-0a7;}.css",
        ] {
            assert_eq!(style_sheet(name), None, "{name}");
        }
    }

    #[test]
    fn origins_are_named_where_browsers_look_for_them() {
        let settings = json!({ "embeddingOrigins": ["https://a.example", "https://*.b.example"] });
        let settings = authbridge_core::settings::WorkspaceSettings::read(&settings).unwrap();
        let some = Audience::Origins(&settings.embedding_origins);
        let expected = "; frame-ancestors https://a.example https://*.b.example";
        assert_eq!(some.frame_ancestors(), expected);
        assert_eq!(some.targets(), "https://a.example");
        let nobody = Audience::Origins(&[]);
        assert_eq!(nobody.frame_ancestors(), "; frame-ancestors 'none'");
        assert_eq!(nobody.targets(), "");
        assert_eq!(Audience::Anybody.frame_ancestors(), "");
        assert_eq!(Audience::Anybody.targets(), "*");
    }
}
