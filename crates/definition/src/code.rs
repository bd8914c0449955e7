//! The rules: one table from which the codes, their explanations and the reference page come.

mod table;

use std::fmt;

pub use table::Code;

use crate::Severity;

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    id: &'static str,
    severity: Severity,
    title: &'static str,
    explanation: &'static str,
    example: &'static str,
}

impl Code {
    /// The stable identifier, such as `AB0201`.
    pub const fn id(self) -> &'static str {
        self.rule().id
    }

    /// How bad a finding of this rule is.
    pub const fn severity(self) -> Severity {
        self.rule().severity
    }

    /// The rule in a few words.
    pub const fn title(self) -> &'static str {
        self.rule().title
    }

    /// A paragraph: why the rule exists and what to do.
    pub const fn explanation(self) -> &'static str {
        self.rule().explanation
    }

    /// A file, or a part of one, that breaks the rule.
    pub const fn example(self) -> &'static str {
        self.rule().example
    }

    /// The rule that `id` names, in either case: `AB0201`, `ab0201`.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.id().eq_ignore_ascii_case(id))
    }

    /// Whether a definition can be used although the rule is broken.
    ///
    /// Warnings and notes always leave it usable. Of the errors, an unknown formula evaluates to
    /// itself, and a connector without auth can still be listed and told apart from a missing one.
    pub const fn leaves_usable(self) -> bool {
        match self.severity() {
            Severity::Warning | Severity::Note => true,
            Severity::Error => matches!(self, Self::UnknownFormula | Self::NoAuth),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.id())
    }
}

/// The paragraph about `code`.
pub const fn explain(code: Code) -> &'static str {
    code.explanation()
}

/// The reference page of all rules, as Markdown.
pub fn reference_markdown() -> String {
    let mut page = String::from(
        "# Diagnostics\n\nEvery finding about a definition or workspace file carries one of these \
         codes. An *error* makes the file unusable unless its text says otherwise; a *warning* \
         and a *note* do not.\n",
    );
    for code in Code::ALL {
        let (id, title) = (code.id(), code.title());
        let (severity, explanation) = (code.severity().as_str(), code.explanation());
        let example = code.example();
        let language = if example.starts_with("//") {
            "ts"
        } else {
            "yaml"
        };
        page.extend([
            "\n## ",
            id,
            ": ",
            title,
            "\n\n*",
            severity,
            ".* ",
            explanation,
            "\n\n```",
            language,
            "\n",
            example,
            "\n```\n",
        ]);
    }
    page
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn identifiers_are_unique_and_in_order() {
        let ids: Vec<&str> = Code::ALL.iter().map(|code| code.id()).collect();
        let sorted: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids, sorted.into_iter().collect::<Vec<_>>());
        assert!(ids.iter().all(|id| id.len() == 6 && id.starts_with("AB")));
    }

    #[test]
    fn every_rule_is_explained_with_an_example() {
        for code in Code::ALL {
            assert!(!code.title().is_empty() && !code.title().ends_with('.'));
            assert!(code.explanation().ends_with('.'), "{code}");
            assert!(!code.example().is_empty(), "{code}");
            assert_eq!(Code::from_id(&code.id().to_lowercase()), Some(*code));
        }
    }

    #[test]
    fn the_reference_page_has_a_section_for_every_rule() {
        let page = reference_markdown();
        assert_eq!(page.matches("\n## AB").count(), Code::ALL.len());
    }
}
