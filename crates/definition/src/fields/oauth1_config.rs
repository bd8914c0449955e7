//! What `getOAuthConfig` returns for `oauth1`. Core reads it when it runs; the words of its choices
//! come from there, and a test compares the keys.

use authbridge_core::auth::oauth1::config::{
    CONFIRMATIONS, CallbackMode, Flow, METHODS, ScopeTransmission,
};
use authbridge_core::auth::oauth1::{ParameterTransmission, SignatureMethod};

use super::oauth_config::FAILURE_RULE;
use super::refresh::REFRESH_OF_CONFIG;
use super::{Choices, Field, Kind, Shape, field};

/// The keys of the configuration of `oauth1`. Which are required depends on the others: see
/// `connector/oauth_config/oauth1.rs`.
pub(crate) const OAUTH1_CONFIG: Shape = Shape {
    name: "an OAuth 1.0a configuration",
    doc: "What is particular about a provider. `consumerKey` is required; so is `consumerSecret`, or \
        `privateKey` where an RSA method signs, and in the three-legged flow `requestTokenUri`, \
        `authorizeUri` and `tokenUri`. Any value may be a formula over `connectorParameters` and \
        `connectionInput`, but those in `failures` are over `response`.",
    groups: &[CONSUMER, FLOW, ENDPOINTS, SIGNING, SCOPES, MORE, TOKEN],
    required: &[],
    formulas: true,
    server_state: &[],
    elsewhere: &[
        (
            "redirectUri",
            "the engine gives its own, or the integration's",
        ),
        ("callbackUri", "the engine gives its own; see `callback`"),
        ("clientId", "it is called `consumerKey`"),
        ("clientSecret", "it is called `consumerSecret`"),
        ("accessTokenUri", "it is called `tokenUri`"),
        ("tokenExtra", "it is called `accessTokenExtra`"),
        ("nonce", "the engine makes one for every request"),
        ("timestamp", "the engine makes one for every request"),
        (
            "version",
            "`oauth_version` is sent; `skipVersion: true` leaves it out",
        ),
    ],
};

const CONSUMER: &[Field] = &[
    field(
        "consumerKey",
        Kind::TextOrNumber,
        "The app that is registered with the provider; RFC 5849 calls it a client.",
    ),
    field(
        "consumerSecret",
        Kind::TextOrNumber,
        "Its secret, with which every request is signed. RSA methods do not use it.",
    ),
    field(
        "privateKey",
        Kind::TextOrNumber,
        "What RSA methods sign with: a private key in PEM, PKCS #8 or PKCS #1, not encrypted. The \
         provider has the public one.",
    ),
];

const FLOW: &[Field] = &[
    field(
        "flow",
        Kind::OneOf(|| Choices::of(&Flow::CHOICES)),
        "Where tokens come from. `three-legged`, the default: the user consents in a browser. \
         `token`: the user types a token that the provider's own pages issued. `two-legged`: there \
         is none, and requests are signed by the consumer alone.",
    ),
    field(
        "callback",
        Kind::OneOf(|| Choices::of(&CallbackMode::CHOICES)),
        "How the user's answer gets back: by `redirect`, or, `oob`, as a code that the user types \
         into our page.",
    ),
    field(
        "callbackConfirmed",
        Kind::OneOf(|| Choices::of(&CONFIRMATIONS)),
        "Whether the provider must confirm the callback and send a verifier, which is what 1.0a \
         added to 1.0; `required`. Without it somebody else's consent can be slipped in, so \
         `optional` is for providers that still speak 1.0.",
    ),
];

const ENDPOINTS: &[Field] = &[
    field(
        "requestTokenUri",
        Kind::Endpoint,
        "Where a request token is obtained.",
    ),
    field(
        "requestTokenMethod",
        Kind::OneOf(|| Choices::of(&METHODS)),
        "How; `POST`.",
    ),
    field(
        "authorizeUri",
        Kind::Endpoint,
        "Where the browser is sent with it.",
    ),
    field(
        "tokenUri",
        Kind::Endpoint,
        "Where it is traded for an access token.",
    ),
    field(
        "accessTokenMethod",
        Kind::OneOf(|| Choices::of(&METHODS)),
        "How; `POST`. Renewals use the same.",
    ),
    field(
        "refreshUri",
        Kind::Endpoint,
        "Where access tokens are renewed by their session handle, when that is not `tokenUri`.",
    ),
];

const SIGNING: &[Field] = &[
    field(
        "signatureMethod",
        Kind::OneOf(|| Choices::of(&SignatureMethod::CHOICES)),
        "How requests are signed; `HMAC-SHA1`.",
    ),
    field(
        "parameterTransmission",
        Kind::OneOf(|| Choices::of(&ParameterTransmission::CHOICES)),
        "Where the signature goes: the header field `Authorization`, which is the default, the \
         query, or the form in the body. A request that has no form gets the header field.",
    ),
    field(
        "realm",
        Kind::TextOrNumber,
        "`realm` of the header field, in printable ASCII characters. It is not signed.",
    ),
    field(
        "bodyHash",
        Kind::Flag,
        "Sign bodies that are no forms too, by `oauth_body_hash`. They are kept in memory for it, \
         up to a limit.",
    ),
    field(
        "skipVersion",
        Kind::Flag,
        "Leave `oauth_version` out, for providers that refuse it.",
    ),
];

const SCOPES: &[Field] = &[
    field(
        "scopes",
        Kind::TextOrTexts,
        "What is asked for, where a provider has such a thing: a list, or a text with spaces or \
         commas between. It is sent as `scope`.",
    ),
    field(
        "scopeSeparator",
        Kind::TextOrNumber,
        "What stands between scopes on the way to the provider; a space.",
    ),
    field(
        "scopeTransmission",
        Kind::OneOf(|| Choices::of(&ScopeTransmission::CHOICES)),
        "Which requests have the scopes: that for a request token, the page that the user is sent \
         to, or `both`, which is the default.",
    ),
];

const MORE: &[Field] = &[
    field(
        "extra",
        Kind::Members,
        "More query parameters of the page that the user is sent to.",
    ),
    field(
        "requestTokenExtra",
        Kind::Members,
        "More parameters of the request for a request token.",
    ),
    field(
        "accessTokenExtra",
        Kind::Members,
        "More parameters of requests for access tokens, renewals included.",
    ),
    field(
        "tokenHeaders",
        Kind::Members,
        "Header fields of requests for tokens of both kinds.",
    ),
    field(
        "failures",
        Kind::ListOf(&FAILURE_RULE),
        "What refusals mean, where the provider does not say it in the usual way; the first rule \
         that matches decides. Written out: the list itself is no formula.",
    ),
];

const TOKEN: &[Field] = &[
    field(
        "token",
        Kind::TextOrNumber,
        "Of the flow `token`: the token that the user typed, which is `oauth_token` in \
         `credentials`.",
    ),
    field(
        "tokenSecret",
        Kind::TextOrNumber,
        "Its secret, which is `oauth_token_secret` in `credentials`.",
    ),
    field(
        "refresh",
        Kind::Object(&REFRESH_OF_CONFIG),
        "When tokens that expire are renewed. What is left open here is taken from `refresh` of \
         the auth option.",
    ),
];

#[cfg(test)]
mod tests {
    use authbridge_core::auth::oauth1::config::KEYS;

    use super::*;

    #[test]
    fn the_table_has_the_keys_that_core_reads() {
        let mut names: Vec<_> = OAUTH1_CONFIG.fields().map(|field| field.name).collect();
        names.sort_unstable();
        let mut keys = KEYS;
        keys.sort_unstable();
        assert_eq!(names, keys);
    }
}
