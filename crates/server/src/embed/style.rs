//! How pages look. The style sheet is in each page, so that its first paint waits for no other
//! file; the page's policy names it by its hash.

use authbridge_core::settings::Color;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// The colours of light pages, of dark ones, and what both have in common.
const LIGHT: &str = include_str!("light.css");
const DARK: &str = include_str!("dark.css");
const COMMON: &str = include_str!("style.css");

/// What cards look like in them.
const LIGHT_CARD: Color = Color::WHITE;
const DARK_CARD: Color = Color {
    red: 0x1b,
    green: 0x20,
    blue: 0x26,
};

/// Whether pages are light or dark, as the app asks for it with `theme`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the user's system is.
    #[default]
    Auto,
    Light,
    Dark,
}

impl Theme {
    /// The theme of this name, if there is one.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "auto" => Some(Self::Auto),
            "light" => Some(Self::Light),
            "dark" => Some(Self::Dark),
            _ => None,
        }
    }
}

/// The style sheet of a page, in the workspace's `brand` colour if it has one.
pub(super) fn style_sheet(theme: Theme, brand: Option<Color>) -> String {
    let light = || format!("{LIGHT}{}", accents(brand, LIGHT_CARD));
    let dark = || format!("{DARK}{}", accents(brand, DARK_CARD));
    let colors = match theme {
        Theme::Auto => format!(
            "{}@media (prefers-color-scheme: dark) {{\n{}}}\n",
            light(),
            dark()
        ),
        Theme::Light => light(),
        Theme::Dark => dark(),
    };
    format!("{colors}{COMMON}")
}

fn accents(brand: Option<Color>, card: Color) -> String {
    brand.map_or_else(String::new, |brand| {
        let accent = brand.readable_on(card);
        let on_accent = accent.text();
        format!(":root {{ --accent: {accent}; --on-accent: {on_accent} }}\n")
    })
}

/// How a policy names this style sheet (CSP Level 3 section 2.3.1, `hash-source`).
pub(super) fn hash_source(style_sheet: &str) -> String {
    let hash = digest(&SHA256, style_sheet.as_bytes());
    format!("'sha256-{}'", BASE64_STANDARD.encode(hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_as_the_system_is_unless_the_app_says_otherwise() {
        let auto = style_sheet(Theme::Auto, None);
        let (light, dark) = (LIGHT.trim_end(), DARK.trim_end());
        assert!(auto.contains(light) && auto.contains(dark));
        assert!(auto.contains("prefers-color-scheme: dark"));
        let only_dark = style_sheet(Theme::Dark, None);
        assert!(only_dark.contains(dark) && !only_dark.contains(light));
        let only_light = style_sheet(Theme::Light, None);
        assert!(only_light.contains(light) && !only_light.contains(dark));
    }

    #[test]
    fn a_brand_colour_can_be_read_on_every_card() {
        assert!(LIGHT.contains("--card: #fff;"));
        assert!(DARK.contains(&format!("--card: {DARK_CARD};")));
        let brand: Color = "#0a7d5a".parse().unwrap();
        let light = style_sheet(Theme::Light, Some(brand));
        assert!(light.contains("--accent: #0a7d5a; --on-accent: #ffffff"));
        let dark = style_sheet(Theme::Dark, Some(brand));
        let expected = format!("--accent: {};", brand.readable_on(DARK_CARD));
        assert!(dark.contains(&expected), "{dark}");
        assert!(!dark.contains("--accent: #0a7d5a"), "{dark}");
    }

    #[test]
    fn a_policy_names_a_style_sheet_as_browsers_hash_it() {
        // printf 'a{}' | openssl dgst -sha256 -binary | base64
        let expected = "'sha256-X1RutGBrXCt9KkSaXMK7tHftWiRscFHOhxsS8tv8hBk='";
        assert_eq!(hash_source("a{}"), expected);
    }
}
