//! What `getOAuthConfig` returns for `oauth2`. Core reads it when it runs; the words of its choices
//! come from there, and a test compares the keys.

use authbridge_core::auth::oauth2::config::{
    Assertion, ClientAuth, GrantType, METHODS, TokenRequestFormat, TokenResponseFormat,
};

use super::refresh::REFRESH_OF_CONFIG;
use super::{Field, Kind, Shape, field};

/// The words that a value may be.
#[derive(Clone, Debug)]
pub(crate) struct Choices {
    /// What this build does.
    pub(crate) done: Vec<&'static str>,
    /// What it understands, and does not do yet.
    pub(crate) later: Vec<&'static str>,
}

impl Choices {
    pub(super) fn of<T>(table: &[(&'static str, Option<T>)]) -> Self {
        let names = |is_done: bool| {
            let rows = table.iter().filter(|(_, value)| value.is_some() == is_done);
            rows.map(|(name, _)| *name).collect()
        };
        Self {
            done: names(true),
            later: names(false),
        }
    }
}

/// The keys of the configuration of `oauth2`. Which are required depends on the others: see
/// `connector/oauth_config.rs`.
pub(crate) const OAUTH2_CONFIG: Shape = Shape {
    name: "an OAuth 2.0 configuration",
    doc: "What is particular about a provider. `clientId` is required; so are `authorizeUri` and \
        `tokenUri` unless there is an `issuer`. Any value may be a formula over \
        `connectorParameters`, `connectionInput`, `redirectUri` and `state`, but those in `failures` \
        are over `response`.",
    groups: &[
        CLIENT,
        ENDPOINTS,
        AUTHORIZATION,
        TOKENS,
        GRANTS,
        TIMING,
        LATER,
    ],
    required: &[],
    formulas: true,
    server_state: &[],
    elsewhere: &[
        (
            "redirectUri",
            "the engine gives its own, or the integration's",
        ),
        ("state", "the engine makes it, and checks it"),
        (
            "codeChallengeMethod",
            "PKCE is on, with S256; `skipPkce: true` turns it off",
        ),
        ("responseType", "it is always `code`"),
        (
            "audience",
            "put it into `extra` for the page, into `tokenExtra` for token requests",
        ),
    ],
};

const CLIENT: &[Field] = &[
    field(
        "clientId",
        Kind::TextOrNumber,
        "The client that is registered with the provider.",
    ),
    field(
        "clientSecret",
        Kind::TextOrTexts,
        "Its secret; several while it changes from one to the next, each of which is tried in \
         order. Without one the client is a public one.",
    ),
    field(
        "clientAuth",
        Kind::OneOf(|| Choices::of(&ClientAuth::CHOICES)),
        "How the client proves to the token endpoint who it is: in a header, in the body, both, \
         or not at all. Without it the header is tried, then the body.",
    ),
    field(
        "clientAuthLocation",
        Kind::OneOf(|| Choices::of(&ClientAuth::LOCATIONS)),
        "The same in the words of the original: `headers` means `clientAuth: basic`.",
    ),
    field(
        "skipClientAuthInBody",
        Kind::Flag,
        "Older for `clientAuth: basic`.",
    ),
    field(
        "skipClientAuthInHeader",
        Kind::Flag,
        "Older for `clientAuth: body`.",
    ),
    field(
        "skipClientAuthInHeaders",
        Kind::Flag,
        "Older for `clientAuth: body`.",
    ),
];

const ENDPOINTS: &[Field] = &[
    field(
        "issuer",
        Kind::Endpoint,
        "The provider's issuer identifier, whose published metadata (RFC 8414, OpenID Connect \
         Discovery) fill in the endpoints that are not given.",
    ),
    field("authorizeUri", Kind::Endpoint, "Where the browser is sent."),
    field("tokenUri", Kind::Endpoint, "Where tokens are obtained."),
    field(
        "refreshUri",
        Kind::Endpoint,
        "Where they are refreshed, when that is not `tokenUri`.",
    ),
    field(
        "revocationUri",
        Kind::Endpoint,
        "Where they are revoked when a connection ends (RFC 7009).",
    ),
];

const AUTHORIZATION: &[Field] = &[
    field(
        "scopes",
        Kind::TextOrTexts,
        "What is asked for: a list, or a text with spaces or commas between.",
    ),
    field(
        "requiredScopes",
        Kind::TextOrTexts,
        "Those of them without which an account is not connected, for users may refuse some.",
    ),
    field(
        "scopeSeparator",
        Kind::TextOrNumber,
        "What stands between scopes on the way to the provider; a space.",
    ),
    field(
        "skipPkce",
        Kind::Flag,
        "Leave PKCE out (RFC 7636), for providers that refuse it.",
    ),
    field(
        "noRefreshToken",
        Kind::Flag,
        "The provider gives no refresh token, and that is no mistake.",
    ),
    field(
        "extra",
        Kind::Members,
        "More query parameters of the page that the user is sent to, such as `prompt`.",
    ),
    field(
        "resource",
        Kind::TextOrTexts,
        "The API that tokens are for (RFC 8707); several as a list.",
    ),
];

const TOKENS: &[Field] = &[
    field(
        "tokenExtra",
        Kind::Members,
        "More parameters of every token request.",
    ),
    field(
        "tokenHeaders",
        Kind::Members,
        "Header fields of every token request.",
    ),
    field(
        "tokenRequestFormat",
        Kind::OneOf(|| Choices::of(&TokenRequestFormat::CHOICES)),
        "How token requests carry their parameters; `form` by default.",
    ),
    field(
        "tokenRequestMethod",
        Kind::OneOf(|| Choices::of(&METHODS)),
        "`POST`, or `GET` with the parameters in the query.",
    ),
    field(
        "tokenResponseFormat",
        Kind::OneOf(|| Choices::of(&TokenResponseFormat::CHOICES)),
        "How answers are read. `auto` is JSON, or else a form; `text` takes the whole body for \
         the access token.",
    ),
    field(
        "tokenResponsePath",
        Kind::TextOrTexts,
        "Where in the answer the token is: `authed_user`, or `data.token`.",
    ),
    field(
        "failures",
        Kind::ListOf(&FAILURE_RULE),
        "What refusals mean, where the provider does not say it in the usual way; the first rule \
         that matches decides. Written out: the list itself is no formula.",
    ),
];

const GRANTS: &[Field] = &[
    field(
        "grantType",
        Kind::OneOf(|| Choices::of(&GrantType::CHOICES)),
        "How the first token is obtained; `authorization_code`, for which the user consents in a \
         browser. The others need no browser.",
    ),
    field(
        "username",
        Kind::TextOrNumber,
        "Of the grant `password`, which needs it.",
    ),
    field(
        "password",
        Kind::TextOrNumber,
        "Of the grant `password`, which needs it.",
    ),
    field(
        "assertion",
        Kind::Object(&ASSERTION),
        "Of the grant `jwt-bearer`, which needs it; `clientId` is optional then.",
    ),
];

const TIMING: &[Field] = &[field(
    "refresh",
    Kind::Object(&REFRESH_OF_CONFIG),
    "When tokens are refreshed. What is left open here is taken from `refresh` of the auth option.",
)];

const LATER: &[Field] = &[
    field(
        "par",
        Kind::NotYet,
        "Pushed authorization requests (RFC 9126): not in this version.",
    ),
    field(
        "dpop",
        Kind::NotYet,
        "Tokens bound to a key (RFC 9449): not in this version.",
    ),
    field(
        "tls",
        Kind::NotYet,
        "Client certificates (RFC 8705): not in this version.",
    ),
    field(
        "registration",
        Kind::NotYet,
        "Clients that register themselves (RFC 7591): not in this version.",
    ),
];

const ASSERTION: Shape = Shape {
    name: "an assertion",
    doc: "What the client signs to obtain a token (RFC 7523). It is valid for five minutes.",
    groups: &[&[
        field(
            "key",
            Kind::TextOrNumber,
            "A private key in PEM (PKCS #8), or the secret of an HMAC.",
        ),
        field("keyId", Kind::TextOrNumber, "`kid` in the header."),
        field(
            "algorithm",
            Kind::OneOf(|| Choices::of(&Assertion::ALGORITHMS)),
            "How it is signed; `RS256`.",
        ),
        field("issuer", Kind::TextOrNumber, "`iss`; the client id."),
        field("subject", Kind::TextOrNumber, "`sub`; the issuer."),
        field("audience", Kind::TextOrNumber, "`aud`; the token endpoint."),
        field("claims", Kind::Members, "More claims, which win over ours."),
    ]],
    required: &["key"],
    formulas: true,
    server_state: &[],
    elsewhere: &[
        ("privateKey", "it is called `key`"),
        (
            "scope",
            "scopes stand in `scopes` of the configuration, or in `claims`",
        ),
    ],
};

pub(super) const FAILURE_RULE: Shape = Shape {
    name: "a rule on failures",
    doc: "What a refusal of the token endpoint means. `terminal`: only the user can help, who has \
        to reconnect. `configuration`: the workspace owner has to change something. `throttled` \
        and `transient`: it is tried again.",
    groups: &[&[
        field(
            "match",
            Kind::Value,
            "A formula over `response`: `status`, `statusCode`, `headers`, `data`.",
        ),
        field("class", Kind::FailureClassName, "What it means."),
    ]],
    required: &["match", "class"],
    formulas: false,
    server_state: &[],
    elsewhere: &[],
};

#[cfg(test)]
mod tests {
    use authbridge_core::auth::oauth2::config::{FailureRule, KEYS, NOT_YET};

    use super::*;

    fn names(shape: &Shape) -> Vec<&'static str> {
        let mut names: Vec<_> = shape.fields().map(|field| field.name).collect();
        names.sort_unstable();
        names
    }

    fn sorted(keys: impl IntoIterator<Item = &'static str>) -> Vec<&'static str> {
        let mut keys: Vec<_> = keys.into_iter().collect();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn the_tables_have_the_keys_that_core_reads() {
        let all = KEYS.into_iter().chain(NOT_YET);
        assert_eq!(names(&OAUTH2_CONFIG), sorted(all));
        assert_eq!(names(&ASSERTION), sorted(Assertion::KEYS));
        assert_eq!(names(&FAILURE_RULE), sorted(FailureRule::KEYS));
        let later = OAUTH2_CONFIG.fields();
        let later = later.filter(|field| matches!(field.kind, Kind::NotYet));
        assert_eq!(sorted(later.map(|field| field.name)), sorted(NOT_YET));
    }
}
