//! The header fields of the scheme `OAuth` (RFC 5849 sections 3.5.1 and 3.2).

use super::encoding::{decode, encode};

/// The value of an `Authorization` field. The realm is a quoted string and not encoded.
pub(super) fn write(realm: Option<&str>, parameters: &[(String, String)]) -> String {
    let realm = realm.map(|realm| {
        let escaped = realm.replace('\\', "\\\\").replace('"', "\\\"");
        format!("realm=\"{escaped}\"")
    });
    let encoded = parameters.iter().map(|(name, value)| {
        let (name, value) = (encode(name.as_bytes()), encode(value.as_bytes()));
        format!("{name}=\"{value}\"")
    });
    let parts: Vec<String> = realm.into_iter().chain(encoded).collect();
    format!("OAuth {}", parts.join(", "))
}

/// The parameters of an `Authorization` or `WWW-Authenticate` field of the scheme `OAuth`,
/// decoded, in their order; `None` where the scheme is another. What cannot be read is left out.
pub(super) fn parse(field: &str) -> Option<Vec<(String, String)>> {
    let field = field.trim_start();
    let scheme = field.get(..5)?;
    let rest = field.get(5..)?;
    let is_ours = scheme.eq_ignore_ascii_case("OAuth");
    if !is_ours || !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
        return None;
    }
    let mut parameters = Vec::new();
    for part in split_outside_quotes(rest) {
        let Some((name, value)) = part.split_once('=') else {
            continue;
        };
        let name = text(decode(name.trim().as_bytes()));
        let value = unquoted(value.trim());
        let is_plain = name.eq_ignore_ascii_case("realm");
        let value = if is_plain {
            value
        } else {
            text(decode(value.as_bytes()))
        };
        parameters.push((name, value));
    }
    Some(parameters)
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn split_outside_quotes(text: &str) -> Vec<&str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.split(move |character| {
        let is_literal = std::mem::take(&mut is_escaped);
        match character {
            '\\' if is_quoted && !is_literal => is_escaped = true,
            '"' if !is_literal => is_quoted = !is_quoted,
            _ => {}
        }
        character == ',' && !is_quoted
    })
    .collect()
}

/// The content of a quoted string (RFC 9110 section 5.6.4), or a token as it is.
fn unquoted(value: &str) -> String {
    let inner = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let Some(inner) = inner else {
        return value.to_owned();
    };
    let mut content = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => content.extend(characters.next()),
            other => content.push(other),
        }
    }
    content
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 5849 section 3.5.1.
    #[test]
    fn the_example_of_the_rfc_reads_and_writes() {
        let field = "OAuth realm=\"Example\", oauth_consumer_key=\"0685bd9184jfhq22\", \
                     oauth_signature=\"wOJIO9A2W5mFwDgiDvZbTSMK%2FPY%3D\", oauth_version=\"1.0\"";
        let parameters = parse(field).unwrap();
        assert_eq!(parameters[0], ("realm".into(), "Example".into()));
        assert_eq!(parameters[2].1, "wOJIO9A2W5mFwDgiDvZbTSMK/PY=");
        assert_eq!(write(Some("Example"), &parameters[1..]), field);
    }

    #[test]
    fn challenges_are_read_as_providers_write_them() {
        let read = parse("oauth Realm=\"a, \\\"b\\\"\",oauth_problem=token_rejected , x").unwrap();
        assert_eq!(read[0], ("Realm".into(), "a, \"b\"".into()));
        assert_eq!(read[1], ("oauth_problem".into(), "token_rejected".into()));
        assert_eq!(read.len(), 2);
        assert_eq!(parse("OAuth"), Some(Vec::new()));
        assert_eq!(parse("OAuth2 realm=x"), None);
        assert_eq!(parse("Bearer x"), None);
        assert_eq!(parse("OÄuth"), None);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            realm in proptest::option::of("[ -~]{0,12}"),
            pairs in proptest::collection::vec((".{1,6}", ".{0,6}"), 0..6),
        ) {
            let is_realm = |(name, _): &(String, String)| name.eq_ignore_ascii_case("realm");
            prop_assume!(!pairs.iter().any(is_realm));
            let read = parse(&write(realm.as_deref(), &pairs)).unwrap();
            let realm = realm.map(|realm| ("realm".to_owned(), realm));
            let expected: Vec<_> = realm.into_iter().chain(pairs).collect();
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn no_field_makes_it_panic(field in ".{0,40}") {
            parse(&format!("OAuth {field}"));
        }
    }
}
