use http::{Request, request};

use super::*;
use crate::oauth1::options::AuthorizationServerOptions;
use crate::oauth1::refusal::FORM;

/// The consumer of RFC 5849 section 1.2, at a server whose clock is of that time.
fn state() -> State {
    let options = AuthorizationServerOptions {
        consumers: vec![Consumer::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44")],
        timestamp_tolerance: std::time::Duration::MAX,
        ..AuthorizationServerOptions::default()
    };
    State::new(options, &["https", "http"])
}

fn head(method: &str, target: &str, fields: &[(&str, &str)]) -> request::Parts {
    let request = Request::builder().method(method).uri(target);
    let request = request.header("host", "Photos.Example.net:80");
    let request = fields.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    request.body(()).unwrap().into_parts().0
}

fn problem(state: &mut State, endpoint: Endpoint, head: &request::Parts) -> Option<Problem> {
    let verified = state.verified(endpoint, head, b"");
    verified.err().map(|refusal| refusal.problem)
}

/// RFC 5849 section 1.2: the request for temporary credentials, and the one for a photograph.
const INITIATE: &str = "OAuth realm=\"Photos\", oauth_consumer_key=\"dpf43f3p2l4k3l03\", \
    oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"137131200\", oauth_nonce=\"wIjqoS\", \
    oauth_callback=\"http%3A%2F%2Fprinter.example.com%2Fready\", \
    oauth_signature=\"74KNZJeDHnMBp0EMJ9ZHt%2FXKycU%3D\"";
const PHOTO: &str = "OAuth realm=\"Photos\", oauth_consumer_key=\"dpf43f3p2l4k3l03\", \
    oauth_token=\"nnch734d00sl2jdk\", oauth_signature_method=\"HMAC-SHA1\", \
    oauth_timestamp=\"137131202\", oauth_nonce=\"chapoH\", \
    oauth_signature=\"MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D\"";

#[test]
fn the_requests_of_the_rfc_are_signed_well_once() {
    let mut state = state();
    let mut initiate = head("POST", "/initiate", &[("authorization", INITIATE)]);
    initiate
        .headers
        .insert("host", "photos.example.net:443".parse().unwrap());
    assert_eq!(problem(&mut state, Endpoint::RequestToken, &initiate), None);
    let again = problem(&mut state, Endpoint::RequestToken, &initiate);
    assert_eq!(again, Some(Problem::NonceUsed));

    state
        .ledger
        .know("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00", "ada");
    let target = "/photos?file=vacation.jpg&size=original";
    let photo = head("GET", target, &[("authorization", PHOTO)]);
    assert_eq!(problem(&mut state, Endpoint::Resource, &photo), None);
    let other = head(
        "GET",
        "/photos?file=vacation.jpg",
        &[("authorization", PHOTO)],
    );
    let refused = problem(&mut state, Endpoint::Resource, &other);
    assert_eq!(refused, Some(Problem::SignatureInvalid));
}

#[test]
fn the_base_string_of_the_rfc_is_made_of_query_header_and_form() {
    // RFC 5849 section 3.4.1.1.
    let authorization = "OAuth realm=\"Example\", oauth_consumer_key=\"9djdj82h48djs9d2\", \
        oauth_token=\"kkk9d7dh3k39sjv7\", oauth_signature_method=\"HMAC-SHA1\", \
        oauth_timestamp=\"137131201\", oauth_nonce=\"7d8f3e4a\", \
        oauth_signature=\"bYT5CMsGcbgUdFHObYMEfcx6bsw%3D\"";
    let fields = [("authorization", authorization), ("content-type", FORM)];
    let mut head = head("post", "/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b", &fields);
    head.headers.insert("host", "example.com".parse().unwrap());
    let message = Message::read(&head, b"c2&a3=2+q").ok().flatten().unwrap();
    assert_eq!(
        message.base_string("http"),
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D\
         %253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce\
         %3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26\
         oauth_token%3Dkkk9d7dh3k39sjv7"
    );
}

#[test]
fn what_is_not_as_it_must_be_is_told() {
    let mut state = state();
    state.options.two_legged = true;
    let plain = |rest: &str| {
        let value = format!(
            "OAuth oauth_consumer_key=\"dpf43f3p2l4k3l03\", oauth_signature_method=\"PLAINTEXT\", \
             oauth_signature=\"kd94hf93k423kf44%26\"{rest}"
        );
        head("GET", "/api/x", &[("authorization", &value)])
    };
    let told = [
        ("", None),
        (", oauth_version=\"1.0\"", None),
        (", oauth_version=\"2.0\"", Some(Problem::VersionRejected)),
        (
            ", oauth_version=\"1.0\", oauth_version=\"1.0\"",
            Some(Problem::ParameterRejected),
        ),
        (
            ", oauth_timestamp=\"soon\"",
            Some(Problem::ParameterRejected),
        ),
        (", oauth_timestamp=\"7\"", Some(Problem::ParameterAbsent)),
        (", oauth_token=\"x\"", Some(Problem::TokenRejected)),
        (", oauth_body_hash=\"x\"", Some(Problem::BodyHashInvalid)),
    ];
    for (rest, expected) in told {
        let given = problem(&mut state, Endpoint::Resource, &plain(rest));
        assert_eq!(given, expected, "{rest}");
    }
    let nothing = head("GET", "/api/x?a=1", &[("authorization", "Bearer x")]);
    let given = problem(&mut state, Endpoint::Resource, &nothing);
    assert_eq!(given, Some(Problem::ParameterAbsent));
    let mut twice = plain("");
    twice.uri = "/api/x?oauth_nonce=1".parse().unwrap();
    let given = problem(&mut state, Endpoint::Resource, &twice);
    assert_eq!(given, Some(Problem::ParameterRejected));
}

#[test]
fn every_hmac_is_verified_with_its_own_digest() {
    use aws_lc_rs::hmac;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use crate::oauth1::signature::encoded;

    let mut state = state();
    state.options.two_legged = true;
    let methods = [
        ("HMAC-SHA1", hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        ("HMAC-SHA256", hmac::HMAC_SHA256),
        ("HMAC-SHA512", hmac::HMAC_SHA512),
    ];
    for (name, algorithm) in methods {
        let query = format!(
            "oauth_consumer_key=dpf43f3p2l4k3l03&oauth_nonce={name}&oauth_signature_method={name}\
             &oauth_timestamp=137131200"
        );
        let base = format!("GET&http%3A%2F%2Fphotos.example.net%2F&{}", encoded(&query));
        let key = hmac::Key::new(algorithm, b"kd94hf93k423kf44&");
        let signature = STANDARD.encode(hmac::sign(&key, base.as_bytes()));
        let target = format!("/?{query}&oauth_signature={}", encoded(&signature));
        let given = problem(&mut state, Endpoint::Resource, &head("GET", &target, &[]));
        assert_eq!(given, None, "{name}");
        let wrong = target.replace("HMAC-SHA1", "HMAC-SHA256");
        let given = problem(&mut state, Endpoint::Resource, &head("GET", &wrong, &[]));
        assert!(given.is_some(), "{name}");
    }
}
