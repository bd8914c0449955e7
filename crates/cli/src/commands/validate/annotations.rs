//! Findings as GitHub's workflow commands: annotations beside the lines of a pull request.

use authbridge_definition::{Diagnostic, Directory, Severity};

/// One line for each finding and for each file that is ignored; `root` stands before the paths.
pub(super) fn annotations(root: &str, directory: &Directory) -> String {
    let mut text = String::new();
    for found in &directory.diagnostics {
        text.push_str(&annotation(root, found));
    }
    for ignored in &directory.ignored {
        let path = format!("{root}{}", ignored.path);
        let suggestion = ignored.suggestion.as_deref().unwrap_or_default();
        let message = format!("ignored: {}; {suggestion}", ignored.reason);
        text.push_str(&format!(
            "::notice file={},title=ignored::{}\n",
            property(&path),
            data(message.trim_end_matches([';', ' ']))
        ));
    }
    text
}

fn annotation(root: &str, found: &Diagnostic) -> String {
    let level = match found.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let message = match &found.help {
        Some(help) => format!("{}\nhelp: {help}", found.message),
        None => found.message.clone(),
    };
    let file = format!("{root}{}", found.file);
    format!(
        "::{level} file={},line={},col={},title={}::{}\n",
        property(&file),
        found.line,
        found.column,
        found.code,
        data(&message)
    )
}

/// As the message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// As the value of one of its properties.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::property;

    #[test]
    fn a_property_cannot_end_early() {
        assert_eq!(property("a:b,c%\n"), "a%3Ab%2Cc%25%0A");
    }
}
