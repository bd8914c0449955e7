//! "Did you mean …?"

/// The candidate that `name` probably means: the same but for case and separators, or at a small
/// distance.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let plain = simplified(name);
    // A transposed pair counts once; a short name must not turn into a wholly different one.
    let limit = (plain.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name)
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&plain, &simplified(candidate));
            (distance, candidate)
        })
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The help line for the candidate that `name` probably means.
pub(crate) fn did_you_mean<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    // The distance takes time in the product of the lengths, and nobody misspells by a page.
    if name.len() > 100 {
        return None;
    }
    nearest(name, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

/// `words` as alternatives in a sentence, each in back-ticks.
pub(crate) fn any_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    listed(words, "or")
}

/// `words` as a list in a sentence, each in back-ticks.
pub(crate) fn all_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    listed(words, "and")
}

fn listed<'a>(words: impl IntoIterator<Item = &'a str>, last_word: &str) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} {last_word} {last}", rest.join(", ")),
    }
}

fn simplified(name: &str) -> String {
    name.chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_separators_and_slips_are_forgiven() {
        let candidates = ["makeApiClient", "baseUri", "test"];
        assert_eq!(
            nearest("make_api_client", candidates),
            Some("makeApiClient")
        );
        assert_eq!(nearest("baseUrl", candidates), Some("baseUri"));
        assert_eq!(nearest("tset", candidates), Some("test"));
        assert_eq!(nearest("name", candidates), None);
        assert_eq!(did_you_mean(&"x".repeat(1000), candidates), None);
    }

    #[test]
    fn lists_read_like_sentences() {
        assert_eq!(any_of(["a"]), "`a`");
        assert_eq!(any_of(["a", "b", "c"]), "`a`, `b` or `c`");
        assert_eq!(all_of(["a", "b"]), "`a` and `b`");
        assert_eq!(all_of([]), "");
    }
}
