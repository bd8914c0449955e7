//! Names that usually carry a secret.

/// Endings of names, in lower case without separators, whose value is usually secret. Names such
/// as `tokenUri` or `passwordField` end differently and are not meant.
const ENDINGS: [&str; 12] = [
    "secret",
    "password",
    "passwd",
    "passphrase",
    "token",
    "apikey",
    "privatekey",
    "accesskey",
    "secretkey",
    "signingkey",
    "encryptionkey",
    "authorization",
];

/// Tokens that are positions in a list and no secrets.
const HARMLESS_ENDINGS: [&str; 4] = ["pagetoken", "cursortoken", "synctoken", "continuationtoken"];

/// Whether a constant under `name` is usually a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|character| character.to_ascii_lowercase())
        .collect();
    ENDINGS.iter().any(|ending| plain.ends_with(ending))
        && !HARMLESS_ENDINGS
            .iter()
            .any(|ending| plain.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::is_secret_name;

    #[test]
    fn the_ending_of_a_name_decides() {
        for name in [
            "clientSecret",
            "X-Api-Key",
            "access_token",
            "Authorization",
            "password",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "tokenUri",
            "nextPageToken",
            "key",
            "passwordField",
            "clientId",
            "$var",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
