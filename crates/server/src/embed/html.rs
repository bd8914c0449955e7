//! Text in HTML.

/// `text` where HTML takes text, or within the quotes of an attribute.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        // Braces would be taken for places of a page.
        .replace('{', "&#123;")
}

/// A description: plain text, in which a blank line begins a paragraph, and of Markdown
/// `[links](https://…)`, `**strong**` and `` `code` ``.
pub(super) fn described(text: &str) -> String {
    let mut html = String::new();
    for paragraph in text.replace("\r\n", "\n").split("\n\n") {
        let paragraph = paragraph.trim();
        if !paragraph.is_empty() {
            html.push_str(&format!("<p>{}</p>", inline(paragraph)));
        }
    }
    html
}

fn inline(mut text: &str) -> String {
    let mut html = String::new();
    loop {
        let Some(at) = text.find(['[', '*', '`']) else {
            html.push_str(&escaped(text));
            return html;
        };
        let (before, rest) = text.split_at(at);
        html.push_str(&escaped(before));
        let (marked, after) = marked(rest).unwrap_or_else(|| {
            let (first, after) = rest.split_at(1);
            (escaped(first), after)
        });
        html.push_str(&marked);
        text = after;
    }
}

/// What `text` begins with, and the rest behind it; `None` if the mark is only a character.
fn marked(text: &str) -> Option<(String, &str)> {
    if let Some(rest) = text.strip_prefix("**") {
        let (strong, after) = rest.split_once("**")?;
        return Some((format!("<strong>{}</strong>", escaped(strong)), after));
    }
    if let Some(rest) = text.strip_prefix('`') {
        let (code, after) = rest.split_once('`')?;
        return Some((format!("<code>{}</code>", escaped(code)), after));
    }
    let (label, rest) = text.strip_prefix('[')?.split_once("](")?;
    let (uri, after) = rest.split_once(')')?;
    Some((link(uri, label)?, after))
}

/// A link to another site, in a window of its own; `None` where that is no web page.
pub(super) fn link(uri: &str, label: &str) -> Option<String> {
    let parsed = url::Url::parse(uri).ok()?;
    matches!(parsed.scheme(), "https" | "http").then(|| {
        format!(
            r#"<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>"#,
            escaped(parsed.as_str()),
            escaped(label)
        )
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_little_markdown_is_understood() {
        let html = described("See **your** `key`\n\nat [the *docs*](https://x.test/?a=\"b) * 2");
        assert_eq!(
            html,
            "<p>See <strong>your</strong> <code>key</code></p><p>at \
             <a href=\"https://x.test/?a=%22b\" target=\"_blank\" rel=\"noopener noreferrer\">the \
             *docs*</a> * 2</p>"
        );
    }

    #[test]
    fn a_link_to_a_script_is_text() {
        let html = described("[x](javascript:alert(1)) <b>");
        assert_eq!(html, "<p>[x](javascript:alert(1)) &lt;b&gt;</p>");
    }

    proptest! {
        #[test]
        fn nothing_but_our_own_tags_comes_out(text in "[\\[\\]()*`<>a\"\n:é]{0,40}") {
            let html = described(&text);
            let rest = ["p", "strong", "code", "a"].iter().fold(html, |html, tag| {
                html.replace(&format!("<{tag}>"), "").replace(&format!("</{tag}>"), "")
            });
            prop_assert!(!rest.contains('<'), "{}", rest);
        }
    }
}
