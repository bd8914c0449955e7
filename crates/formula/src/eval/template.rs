//! `$tpl`: placeholders in a text.
//!
//! The original makes a global regular expression of each key (`{key}`) and takes each value for a
//! JavaScript replacement pattern, so `{b.c}` also matches `{bxc}` and `$&` in a value expands.

use std::borrow::Cow;

use regex::{Captures, Regex, RegexBuilder};
use serde_json::Value;

use crate::eval::{Evaluated, Evaluator, Halt, Scope, string};
use crate::js;
use crate::node::Node;

/// How large a compiled pattern may become, in bytes.
const MAX_PATTERN_SIZE: usize = 1 << 16;

impl Evaluator<'_> {
    pub(super) fn tpl<'v>(
        &self,
        template: &str,
        values: &'v [(String, Node)],
        scope: &'v Scope<'v>,
        schema: Option<&Value>,
    ) -> Evaluated<'v> {
        let mut text = template.to_owned();
        for (key, value) in values {
            let value = self.evaluate(value, scope, schema)?;
            let value = value.as_deref().filter(|value| !value.is_null());
            let replacement = value.map_or(Cow::Borrowed(""), js::to_string);
            text = match pattern(key) {
                Some(regex) => self.replace_matches(&text, &regex, &replacement)?,
                None => self.replace_literally(&text, &format!("{{{key}}}"), &replacement)?,
            };
        }
        Ok(Some(string(text)))
    }

    fn replace_matches(
        &self,
        text: &str,
        regex: &Regex,
        replacement: &str,
    ) -> Result<String, Halt> {
        let names: Vec<&str> = regex.capture_names().flatten().collect();
        let mut replaced = String::new();
        let mut end = 0;
        for captures in regex.captures_iter(text) {
            let Some(whole) = captures.get(0) else {
                continue;
            };
            replaced.push_str(text.get(end..whole.start()).unwrap_or_default());
            end = whole.end();
            let found = Match {
                text,
                start: whole.start(),
                end,
                captures: Some(&captures),
                names: &names,
            };
            self.expand(replacement, &found, &mut replaced)?;
        }
        replaced.push_str(text.get(end..).unwrap_or_default());
        self.budget.charge(replaced.len())?;
        Ok(replaced)
    }

    fn replace_literally(
        &self,
        text: &str,
        placeholder: &str,
        replacement: &str,
    ) -> Result<String, Halt> {
        let mut replaced = String::new();
        let mut end = 0;
        for (start, found) in text.match_indices(placeholder) {
            replaced.push_str(text.get(end..start).unwrap_or_default());
            end = start + found.len();
            let found = Match {
                text,
                start,
                end,
                captures: None,
                names: &[],
            };
            self.expand(replacement, &found, &mut replaced)?;
        }
        replaced.push_str(text.get(end..).unwrap_or_default());
        self.budget.charge(replaced.len())?;
        Ok(replaced)
    }

    /// Appends a replacement pattern, with its `$` references filled in.
    fn expand(&self, pattern: &str, found: &Match<'_>, replaced: &mut String) -> Result<(), Halt> {
        let mut rest = pattern;
        while let Some((before, reference)) = rest.split_once('$') {
            replaced.push_str(before);
            let (expansion, length) = found.reference(reference).unwrap_or(("$", 0));
            replaced.push_str(expansion);
            rest = reference.get(length..).unwrap_or_default();
            self.check(replaced)?;
        }
        replaced.push_str(rest);
        self.check(replaced)
    }

    fn check(&self, replaced: &str) -> Result<(), Halt> {
        if replaced.len() > self.budget.left() {
            Err(Halt::Limit)
        } else {
            Ok(())
        }
    }
}

/// The regular expression for a key's placeholder; `None` for a key without special characters,
/// and for one that is no pattern the engine supports: those are matched literally.
fn pattern(key: &str) -> Option<Regex> {
    const SPECIAL: &[char] = &[
        '\\', '^', '$', '.', '|', '?', '*', '+', '(', ')', '[', ']', '{', '}',
    ];
    if !key.contains(SPECIAL) {
        return None;
    }
    RegexBuilder::new(&format!(r"\{{{key}\}}"))
        .size_limit(MAX_PATTERN_SIZE)
        .dfa_size_limit(MAX_PATTERN_SIZE)
        .build()
        .ok()
}

/// A found placeholder, for the references of a replacement pattern.
struct Match<'m> {
    text: &'m str,
    start: usize,
    end: usize,
    captures: Option<&'m Captures<'m>>,
    names: &'m [&'m str],
}

impl<'m> Match<'m> {
    /// What the reference after a `$` stands for, and its length; `None` if it is none.
    fn reference(&self, reference: &str) -> Option<(&'m str, usize)> {
        let slice = |range| self.text.get(range).unwrap_or_default();
        match reference.chars().next()? {
            '$' => Some(("$", 1)),
            '&' => Some((slice(self.start..self.end), 1)),
            '`' => Some((slice(0..self.start), 1)),
            '\'' => Some((slice(self.end..self.text.len()), 1)),
            '<' if !self.names.is_empty() => {
                let (name, _) = reference.get(1..)?.split_once('>')?;
                let group = self.captures?.name(name).map_or("", |group| group.as_str());
                Some((group, name.len() + 2))
            }
            digit if digit.is_ascii_digit() => self.numbered(reference),
            _ => None,
        }
    }

    /// `$1` to `$99`: two digits if there is such a group, otherwise one.
    fn numbered(&self, reference: &str) -> Option<(&'m str, usize)> {
        let captures = self.captures?;
        [2, 1].into_iter().find_map(|length| {
            let digits = reference.get(..length)?;
            let number: usize = digits.parse().ok()?;
            let exists = (1..captures.len()).contains(&number);
            exists.then(|| {
                (
                    captures.get(number).map_or("", |group| group.as_str()),
                    length,
                )
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::build_value;

    #[track_caller]
    fn check(template: &str, values: &Value, expected: &str) {
        let formula = json!({"$tpl": {"template": template, "values": values}});
        assert_eq!(build_value(&formula, &json!({})), Some(json!(expected)));
    }

    #[test]
    fn references_in_a_value_expand() {
        check("x{a}y", &json!({"a": "[$`|$&|$'|$$]"}), "x[x|{a}|y|$]y");
        check(
            "{ab}",
            &json!({"(a)(?<n>b)": "$2$1-$<n>-$3-$10"}),
            "ba-b-$3-a0",
        );
    }

    #[test]
    fn a_key_that_is_no_supported_pattern_matches_literally() {
        check("{[} {a(?=b)}", &json!({"[": 1, "a(?=b)": 2}), "1 2");
        check("{a{9999999}}", &json!({"a{9999999}": "z"}), "z");
    }
}
