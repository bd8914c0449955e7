//! First and last name of a person's full name, for `$firstName` and `$lastName`.
//!
//! Understands titles (`Dr. Jane Doe`), suffixes (`John Smith Jr.`), compound last names (`Ludwig
//! van Beethoven`) and `Last, First`. A single word is a last name.

use crate::js::is_white_space;

/// Titles in front of a name; compared in lower case without full stops.
const TITLES: [&str; 17] = [
    "dr",
    "fr",
    "hon",
    "honorable",
    "judge",
    "master",
    "mister",
    "miss",
    "mr",
    "mrs",
    "ms",
    "mx",
    "prof",
    "rev",
    "sr",
    "sra",
    "srta",
];

/// Suffixes after a name; compared like titles.
const SUFFIXES: [&str; 18] = [
    "apr", "cme", "dmd", "i", "ii", "iii", "iv", "jr", "junior", "ma", "md", "pe", "phd", "qc",
    "rph", "senior", "sr", "v",
];

/// Words that belong to the last name they precede; compared like titles.
const PARTICLES: [&str; 24] = [
    "al", "ben", "bin", "da", "de", "del", "della", "den", "der", "di", "du", "ibn", "la", "lo",
    "op", "pietro", "st", "te", "ten", "ter", "van", "vanden", "vere", "von",
];

/// The parts of a full name that formulas give; either may be missing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct PersonName {
    pub(crate) first: Option<String>,
    pub(crate) last: Option<String>,
}

/// Takes a full name apart.
pub(crate) fn parse_person_name(full_name: &str) -> PersonName {
    let spaced = tidy_commas(full_name.trim_matches(is_white_space));
    let mut words: Vec<String> = spaced
        .split(is_white_space)
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    let lone_word = (words.len() == 1).then(|| words.first().cloned()).flatten();
    drop_suffix(&mut words);
    let name = if words.iter().any(|word| word.contains(',')) {
        last_name_first(&words, lone_word)
    } else {
        first_name_first(&words)
    };
    match name.last.filter(|last| !last.is_empty()) {
        Some(last) => PersonName {
            first: name.first,
            last: Some(last),
        },
        None => PersonName {
            first: None,
            last: name.first.filter(|first| !first.is_empty()),
        },
    }
}

/// `Smith , John` and `Smith,John` read like `Smith, John`: the first comma of each kind that
/// stands between two ASCII letters, digits or underscores.
fn tidy_commas(name: &str) -> String {
    let between_spaces = tidy_comma(name, |before, after| {
        before.ends_with(is_white_space) && after.starts_with(is_white_space)
    });
    tidy_comma(&between_spaces, |before, after| {
        !before.ends_with(is_white_space) && !after.starts_with(is_white_space)
    })
}

/// Puts one space after the first comma that `is_wanted`, and none before it.
fn tidy_comma(name: &str, is_wanted: impl Fn(&str, &str) -> bool) -> String {
    let is_word = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    for (position, _) in name.match_indices(',') {
        let before = name.get(..position).unwrap_or_default();
        let after = name.get(position + 1..).unwrap_or_default();
        let last = before.trim_end_matches(is_white_space);
        let first = after.trim_start_matches(is_white_space);
        let is_inside = is_word(last.as_bytes().last()) && is_word(first.as_bytes().first());
        if is_inside && is_wanted(before, after) {
            return format!("{last}, {first}");
        }
    }
    name.to_owned()
}

/// Removes one suffix at the end, and the comma before it.
fn drop_suffix(words: &mut Vec<String>) {
    if words.len() < 2 || !words.last().is_some_and(|word| is_suffix(word)) {
        return;
    }
    words.pop();
    if let Some(mut word) = words.pop() {
        word = word.replacen(',', "", 1);
        if !word.is_empty() {
            words.push(word);
        }
    }
}

fn last_name_first(words: &[String], lone_word: Option<String>) -> PersonName {
    let mut last = Vec::new();
    let mut rest = words.iter();
    for word in rest.by_ref() {
        if !word.contains(',') {
            last.push(word.clone());
            continue;
        }
        let word = word.replacen(',', "", 1);
        if !word.is_empty() && !is_suffix(&word) {
            last.push(word);
        }
        break;
    }
    PersonName {
        first: rest.next().cloned().or(lone_word),
        last: (!last.is_empty()).then(|| last.join(" ")),
    }
}

fn first_name_first(words: &[String]) -> PersonName {
    let words = match words {
        [title, rest @ ..] if !rest.is_empty() && is_in(&TITLES, title) => rest,
        _ => words,
    };
    let [first, middle @ .., last] = words else {
        return PersonName {
            first: None,
            last: words.first().cloned(),
        };
    };
    let particles = middle
        .iter()
        .rev()
        .take_while(|word| is_in(&PARTICLES, word))
        .count();
    let mut last_name: Vec<&str> = middle
        .iter()
        .rev()
        .take(particles)
        .rev()
        .map(String::as_str)
        .collect();
    last_name.push(last);
    PersonName {
        first: Some(first.clone()),
        last: Some(last_name.join(" ")),
    }
}

fn is_suffix(word: &str) -> bool {
    is_in(&SUFFIXES, word)
}

fn is_in(list: &[&str], word: &str) -> bool {
    list.contains(&word.to_lowercase().replace('.', "").as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(full: &str, first: Option<&str>, last: Option<&str>) {
        let name = parse_person_name(full);
        assert_eq!(
            (name.first.as_deref(), name.last.as_deref()),
            (first, last),
            "{full}"
        );
    }

    #[test]
    fn titles_suffixes_and_particles_are_recognised() {
        check("Mr. John Ronald Smith Jr.", Some("John"), Some("Smith"));
        check(
            "Ludwig van Beethoven",
            Some("Ludwig"),
            Some("van Beethoven"),
        );
        check("John Smith, Ph.D.", Some("John"), Some("Smith"));
        check("van Gogh", Some("van"), Some("Gogh"));
        check("Dr. Who", None, Some("Who"));
    }

    #[test]
    fn a_comma_puts_the_last_name_first() {
        check("de la Cruz, Juan", Some("Juan"), Some("de la Cruz"));
        check("Smith,John", Some("John"), Some("Smith"));
        check("Smith Jr., John", Some("John"), Some("Smith"));
        check("Jr., John", None, Some("John"));
    }

    #[test]
    fn a_single_word_is_a_last_name() {
        check("Cher", None, Some("Cher"));
        check("  ", None, None);
    }
}
