//! What the external app is asked to allow, and what it allowed.

use super::html::escaped;
use super::texts::{Texts, named};

/// What the external app called `name` will be asked for, as far as that is known before.
pub(super) fn asked_for(texts: &Texts, name: &str, scopes: &[String]) -> String {
    if scopes.is_empty() {
        return String::new();
    }
    let heading = named(texts.asked_for, name);
    format!(
        r#"<details class="scopes"><summary>{}</summary><p>{}</p><ul>{}</ul></details>"#,
        texts.permissions,
        escaped(&heading),
        scopes
            .iter()
            .map(|scope| item(scope, ""))
            .collect::<String>()
    )
}

/// What the user granted, and what was asked for in vain.
pub(crate) fn granted(texts: &Texts, granted: &[String], missing: &[&str]) -> String {
    if granted.is_empty() && missing.is_empty() {
        return String::new();
    }
    let in_vain = format!(" ({})", texts.not_granted);
    let granted = granted.iter().map(|scope| item(scope, ""));
    let missing = missing.iter().map(|scope| item(scope, &in_vain));
    let items: String = granted.chain(missing).collect();
    format!(
        r#"<section class="scopes"><h2>{}</h2><ul>{items}</ul></section>"#,
        texts.permissions
    )
}

fn item(scope: &str, more: &str) -> String {
    format!("<li><code>{}</code>{more}</li>", escaped(scope))
}
