//! Signatures as others make them: RFC 5849, the documentation of X, and two other
//! implementations (`vectors.json`, which says how it was made).

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::Value;

use super::authorization;
use super::base_string::{RawUrl, base_string};
use super::config::OAuth1Config;
use super::parameters::Parameters;
use super::signature::ConsumerKey;
use super::signer::Stamp;
use super::*;
use crate::SecretString;

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors.json")).unwrap()
}

fn stamp(vectors: &Value) -> Stamp {
    Stamp {
        nonce: vectors["nonce"].as_str().unwrap().to_owned(),
        timestamp: vectors["timestamp"].to_string(),
    }
}

fn signer(case: &Value, keys: &Value) -> Signer {
    let mut config = case.clone();
    config["flow"] = if case["token"].is_null() {
        "two-legged".into()
    } else {
        "token".into()
    };
    if let Some(name) = case["privateKey"].as_str() {
        config["privateKey"] = keys[name].clone();
    }
    let config = OAuth1Config::from_value(Some(&config)).unwrap();
    config.signer(config.token.clone())
}

fn parameters_of(signed: &Signed) -> Vec<(String, String)> {
    match signed {
        Signed::Header(value) => authorization::parse(value.to_str().unwrap()).unwrap(),
        Signed::Query(text) | Signed::Form(text) => url::form_urlencoded::parse(text.as_bytes())
            .into_owned()
            .collect(),
    }
}

#[test]
fn other_implementations_make_the_same_signatures() {
    let vectors = vectors();
    let stamp = stamp(&vectors);
    let cases = vectors["cases"].as_array().unwrap();
    assert!(cases.len() > 100);
    for case in cases {
        let name = format!("{}: {}", case["signatureMethod"], case["name"]);
        let signer = signer(case, &vectors["keys"]);
        let mut headers = HeaderMap::new();
        if let Some(media_type) = case["contentType"].as_str() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_str(media_type).unwrap());
        }
        let method = Method::from_bytes(case["method"].as_str().unwrap().as_bytes()).unwrap();
        let request = Unsigned {
            method: &method,
            url: case["url"].as_str().unwrap(),
            headers: &headers,
            body: Body::Whole(case["body"].as_str().unwrap_or_default().as_bytes()),
        };
        let added = signer.sign_as(&request, &[], &stamp).unwrap();
        let is_where_it_belongs = match added {
            Signed::Header(_) => "header",
            Signed::Query(_) => "query",
            Signed::Form(_) => "body",
        };
        assert_eq!(case["parameterTransmission"], is_where_it_belongs, "{name}");
        let parameters = parameters_of(&added);
        let of = |wanted: &str| {
            let found = parameters.iter().find(|(name, _)| name == wanted);
            found.map_or(Value::Null, |(_, value)| value.as_str().into())
        };
        assert_eq!(of("oauth_signature"), case["signature"], "{name}");
        assert_eq!(of("oauth_body_hash"), case["oauthBodyHash"], "{name}");
        assert_eq!(of("oauth_token"), case["token"], "{name}");
        assert_eq!(of("realm"), case["realm"], "{name}");
        assert_eq!(of("oauth_version"), "1.0", "{name}");
    }
}

struct Example<'a> {
    method: &'a str,
    url: &'a str,
    form: &'a str,
    protocol: &'a [(&'a str, &'a str)],
    secrets: [&'a str; 2],
}

fn signature(example: &Example<'_>) -> String {
    let url = RawUrl::parse(example.url).unwrap();
    let mut parameters = Parameters::default();
    parameters.add_encoded(url.query.unwrap_or_default().as_bytes());
    parameters.add_encoded(example.form.as_bytes());
    let protocol = example.protocol.iter();
    let protocol: Vec<_> = protocol
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    parameters.add(&protocol);
    let method = Method::from_bytes(example.method.as_bytes()).unwrap();
    let base_string = base_string(&method, &url, &parameters);
    let [consumer, token] = example.secrets.map(SecretString::from);
    let key = ConsumerKey::new(SignatureMethod::HmacSha1, Some(&consumer), None).unwrap();
    key.sign(Some(&token), &base_string).unwrap()
}

/// RFC 5849 section 1.2: the three requests of the example, and their signatures.
#[test]
fn the_examples_of_the_rfc_come_out() {
    let request_token = Example {
        method: "POST",
        url: "https://photos.example.net/initiate",
        form: "",
        protocol: &[
            ("oauth_consumer_key", "dpf43f3p2l4k3l03"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131200"),
            ("oauth_nonce", "wIjqoS"),
            ("oauth_callback", "http://printer.example.com/ready"),
        ],
        secrets: ["kd94hf93k423kf44", ""],
    };
    let access_token = Example {
        method: "POST",
        url: "https://photos.example.net/token",
        form: "",
        protocol: &[
            ("oauth_consumer_key", "dpf43f3p2l4k3l03"),
            ("oauth_token", "hh5s93j4hdidpola"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131201"),
            ("oauth_nonce", "walatlh"),
            ("oauth_verifier", "hfdp7dh39dks9884"),
        ],
        secrets: ["kd94hf93k423kf44", "hdhd0244k9j7ao03"],
    };
    let resource = Example {
        method: "GET",
        url: "http://photos.example.net/photos?file=vacation.jpg&size=original",
        form: "",
        protocol: &[
            ("oauth_consumer_key", "dpf43f3p2l4k3l03"),
            ("oauth_token", "nnch734d00sl2jdk"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131202"),
            ("oauth_nonce", "chapoH"),
        ],
        secrets: ["kd94hf93k423kf44", "pfkkdhi9sl3r4s00"],
    };
    assert_eq!(signature(&request_token), "74KNZJeDHnMBp0EMJ9ZHt/XKycU=");
    assert_eq!(signature(&access_token), "gKgrFCywp7rO0OXSjdot/IHF7IU=");
    assert_eq!(signature(&resource), "MdpQcU8iPSUjWoN/UDMsK2sui9I=");
}

/// RFC 5849 section 3.1, whose signature section 3.4.1.1 explains; what it should have printed is
/// in erratum 2550.
#[test]
fn the_request_of_section_3_1_comes_out() {
    let example = Example {
        method: "POST",
        url: "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b",
        form: "c2&a3=2+q",
        protocol: &[
            ("oauth_consumer_key", "9djdj82h48djs9d2"),
            ("oauth_token", "kkk9d7dh3k39sjv7"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131201"),
            ("oauth_nonce", "7d8f3e4a"),
        ],
        secrets: ["j49sk3j29djd", "dh893hdasih9"],
    };
    assert_eq!(signature(&example), "r6/TJjbCOr97/+UU0NsvSne7s5g=");
}

/// "Creating a signature" in the documentation of X, which `oauth-1.0a` tests as well.
#[test]
fn the_example_of_x_comes_out() {
    let mut example = Example {
        method: "POST",
        url: "https://api.twitter.com/1/statuses/update.json?include_entities=true",
        form: "status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OAuth%20request%21",
        protocol: &[
            ("oauth_consumer_key", "xvz1evFS4wEEPTGEFPHBog"),
            ("oauth_nonce", "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "1318622958"),
            (
                "oauth_token",
                "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
            ),
            ("oauth_version", "1.0"),
        ],
        secrets: [
            "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
            "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
        ],
    };
    assert_eq!(signature(&example), "tnnArxj06cWHq44gCs1OSKk/jLY=");
    example.url = "https://api.twitter.com/1.1/statuses/update.json?include_entities=true";
    assert_eq!(signature(&example), "hCtSmYh+iHYCEqBWrE7C7hYmtUk=");
}

/// The tests of `oauth-1.0a` for several values of one name, and for a body hash.
#[test]
fn the_tests_of_oauth_1_0a_come_out() {
    let several = Example {
        method: "PUT",
        url: "http://localhost:3737/rest/profiles/1ea2a42f-e14d-4057-8bcd-3e0b4514a267/properties\
              ?alt=json",
        form: "currentbrowserversion=1&currentbrowserversion=5&currentbrowserversion=dfadfadfa",
        protocol: &[
            (
                "oauth_consumer_key",
                "batch-dbc2cd8c-6ca8-463b-96e2-6d8683eac6fd",
            ),
            ("oauth_nonce", "tKOQtKan8PHIrIoOlrl17zHkZQ2H5CsP"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "1445951836"),
            ("oauth_version", "1.0"),
        ],
        secrets: ["4S4Rvm25CJZWv7HBg5HOhhlRTBSZ7npl", ""],
    };
    let hashed = Example {
        method: "POST",
        url: "http://canvas.docker/api/lti/accounts/1/tool_proxy",
        form: "",
        protocol: &[
            ("oauth_consumer_key", "1434affd-4d69-4a1a-bace-cc5c6fe493bc"),
            ("oauth_nonce", "t62lMDp9DLwKZJJbZTpmSAhRINGBEOcF"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "1484599369"),
            ("oauth_version", "1.0"),
            ("oauth_body_hash", "xpJzRG6xylVIRRtiigLPKX7iRmM="),
        ],
        secrets: ["932a216f-fb94-43b6-a2d2-e9c6b345cbea", ""],
    };
    assert_eq!(signature(&several), "ri0lfv4udd2uQmkg5cCPVqLruyk=");
    assert_eq!(signature(&hashed), "1Q0U8yhK1bWYguRxlUDs9KHywOE=");
}

/// A text that `oauth-1.0a` tests, and nothing.
#[test]
fn body_hashes_come_out() {
    let of = |method: SignatureMethod, body: &[u8]| method.body_hash(body);
    let hello = b"Hello World!";
    assert_eq!(
        of(SignatureMethod::HmacSha1, hello).unwrap(),
        "Lve95gjOVATpfV8EL5X4nxwjKHE="
    );
    assert_eq!(
        of(SignatureMethod::RsaSha1, b"").unwrap(),
        "2jmj7l5rSw0yVb/vlWAYkK/YBwk="
    );
    assert_eq!(of(SignatureMethod::Plaintext, hello), None);
}
