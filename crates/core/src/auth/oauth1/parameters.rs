//! Request parameters: where they come from, and how a signature orders them (RFC 5849 section
//! 3.4.1.3).

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};

use super::encoding::{decode_form, encode};

/// The media type whose bodies are parameters.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// Parameters of one request, decoded, in the order in which they were found. There may be
/// several of one name. They are bytes: what is escaped need not be UTF-8.
#[derive(Clone, Default)]
pub(super) struct Parameters(Vec<(Vec<u8>, Vec<u8>)>);

impl Parameters {
    /// Adds those of a query or of a form.
    pub(super) fn add_encoded(&mut self, text: &[u8]) {
        for pair in text.split(|byte| *byte == b'&') {
            if pair.is_empty() {
                continue;
            }
            let mut parts = pair.splitn(2, |byte| *byte == b'=');
            let name = parts.next().unwrap_or_default();
            let value = parts.next().unwrap_or_default();
            self.0.push((decode_form(name), decode_form(value)));
        }
    }

    /// Adds decoded ones.
    pub(super) fn add<'a>(&mut self, pairs: impl IntoIterator<Item = &'a (String, String)>) {
        for (name, value) in pairs {
            self.0
                .push((name.as_bytes().to_vec(), value.as_bytes().to_vec()));
        }
    }

    /// Whether there is one called `name`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name.as_bytes())
    }

    /// RFC 5849 section 3.4.1.3.2: encoded first, then ordered by name and value, byte by byte,
    /// then joined.
    pub(super) fn normalized(&self) -> String {
        let mut encoded: Vec<(String, String)> = self
            .0
            .iter()
            .map(|(name, value)| (encode(name), encode(value)))
            .collect();
        encoded.sort_unstable();
        join(&encoded)
    }
}

/// `pairs` as a query or a form, escaped as RFC 3986 has it, which every reader of forms
/// understands.
pub(super) fn query_of(pairs: &[(String, String)]) -> String {
    let encoded: Vec<(String, String)> = pairs
        .iter()
        .map(|(name, value)| (encode(name.as_bytes()), encode(value.as_bytes())))
        .collect();
    join(&encoded)
}

fn join(encoded: &[(String, String)]) -> String {
    let pairs = encoded
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    pairs.collect::<Vec<_>>().join("&")
}

/// Whether a body with these header fields is a form, and so part of what is signed (RFC 5849
/// section 3.4.1.3.1). Parameters of the media type, such as `charset`, change nothing.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let media_type = value.and_then(|value| value.split(|byte| *byte == b';').next());
    media_type.is_some_and(|it| it.trim_ascii().eq_ignore_ascii_case(FORM.as_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 5849 section 3.4.1.3.2.
    #[test]
    fn the_example_of_the_rfc_comes_out() {
        let mut parameters = Parameters::default();
        parameters.add_encoded(b"b5=%3D%253D&a3=a&c%40=&a2=r%20b");
        parameters.add(&[
            ("oauth_consumer_key".into(), "9djdj82h48djs9d2".into()),
            ("oauth_token".into(), "kkk9d7dh3k39sjv7".into()),
            ("oauth_signature_method".into(), "HMAC-SHA1".into()),
            ("oauth_timestamp".into(), "137131201".into()),
            ("oauth_nonce".into(), "7d8f3e4a".into()),
        ]);
        parameters.add_encoded(b"c2&a3=2+q");
        assert_eq!(
            parameters.normalized(),
            "a2=r%20b&a3=2%20q&a3=a&b5=%3D%253D&c%40=&c2=&oauth_consumer_key=9djdj82h48djs9d2\
             &oauth_nonce=7d8f3e4a&oauth_signature_method=HMAC-SHA1&oauth_timestamp=137131201\
             &oauth_token=kkk9d7dh3k39sjv7"
        );
    }

    #[test]
    fn names_and_values_may_be_empty_and_pairs_without_either_are_none() {
        let mut parameters = Parameters::default();
        parameters.add_encoded(b"&&=v&n=&n&a=b=c&");
        assert_eq!(parameters.normalized(), "=v&a=b%3Dc&n=&n=");
    }

    /// A name that is the beginning of another comes first, whatever follows it: the equals sign
    /// between name and value is not compared.
    #[test]
    fn names_are_compared_before_values() {
        let mut parameters = Parameters::default();
        parameters.add_encoded(b"a%2D1=z&a=%3D&a1=0&a=%20&A=1");
        assert_eq!(parameters.normalized(), "A=1&a=%20&a=%3D&a-1=z&a1=0");
    }

    #[test]
    fn only_forms_are_forms() {
        let of = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(value));
            is_form(&headers)
        };
        assert!(of("application/x-www-form-urlencoded"));
        assert!(of("Application/X-WWW-Form-URLencoded ; charset=UTF-8"));
        assert!(!of(
            "multipart/form-data; boundary=application/x-www-form-urlencoded"
        ));
        assert!(!of("application/x-www-form-urlencoded2"));
        assert!(!is_form(&HeaderMap::new()));
    }

    proptest! {
        #[test]
        fn the_order_of_parameters_does_not_matter(
            (pairs, shuffled) in proptest::collection::vec((".{0,4}", ".{0,4}"), 0..8)
                .prop_flat_map(|pairs| (Just(pairs.clone()), Just(pairs).prop_shuffle()))
        ) {
            let normalized = |pairs: &[(String, String)]| {
                let mut parameters = Parameters::default();
                parameters.add(pairs);
                parameters.normalized()
            };
            prop_assert_eq!(normalized(&pairs), normalized(&shuffled));
        }

        #[test]
        fn a_query_that_we_write_reads_back(
            pairs in proptest::collection::vec((".{1,4}", ".{0,4}"), 0..8)
        ) {
            let mut read = Parameters::default();
            read.add_encoded(query_of(&pairs).as_bytes());
            let mut given = Parameters::default();
            given.add(&pairs);
            prop_assert_eq!(read.0, given.0);
        }
    }
}
