//! Each built-in module is there, under each of its names, with what it is documented to have.

use serde_json::json;

use crate::support::value;

const MODULES: &[(&[&str], &[&str])] = &[
    (
        &["crypto", "node:crypto"],
        &[
            "createCipheriv",
            "createDecipheriv",
            "createHash",
            "createHmac",
            "createSign",
            "createVerify",
            "getHashes",
            "getRandomValues",
            "pbkdf2Sync",
            "randomBytes",
            "randomInt",
            "randomUUID",
            "sign",
            "subtle",
            "timingSafeEqual",
            "verify",
            "webcrypto",
        ],
    ),
    (&["buffer", "node:buffer"], &["Buffer", "atob", "btoa"]),
    (
        &["url", "node:url"],
        &["URL", "URLSearchParams", "format", "parse", "resolve"],
    ),
    (
        &["querystring", "node:querystring"],
        &[
            "decode",
            "encode",
            "escape",
            "parse",
            "stringify",
            "unescape",
        ],
    ),
    (
        &["util", "node:util"],
        &[
            "TextDecoder",
            "TextEncoder",
            "format",
            "inherits",
            "inspect",
            "isDeepStrictEqual",
            "promisify",
            "types",
        ],
    ),
    (&["events", "node:events"], &["EventEmitter"]),
    (
        &["axios"],
        &["AxiosError", "create", "default", "isAxiosError"],
    ),
    (
        &["jsonwebtoken"],
        &[
            "JsonWebTokenError",
            "NotBeforeError",
            "TokenExpiredError",
            "decode",
            "sign",
            "verify",
        ],
    ),
    (
        &[
            "@integration-app/sdk",
            "@integration-app/sdk/errors",
            "@membranehq/sdk",
            "@membranehq/sdk/errors",
        ],
        &[
            "AccessDeniedError",
            "ActionInstanceSetupError",
            "ActionRunError",
            "BadRequestError",
            "BadRequestErrorKey",
            "ConcurrencyError",
            "ConcurrencyErrorKey",
            "ConfigurationError",
            "ConnectionError",
            "ConnectionErrorKey",
            "CustomCodeError",
            "ErrorType",
            "FlowInstanceSetupError",
            "FlowRunError",
            "IntegrationAppError",
            "InternalError",
            "NotAuthenticatedError",
            "NotFoundError",
            "RateLimitExceededError",
            "UnitRunError",
            "isIntegrationAppError",
        ],
    ),
    (&["@integration-app/connector-sdk"], &["RestApiClient"]),
];

#[tokio::test]
async fn every_module_has_its_exports() {
    let wanted: Vec<_> = MODULES
        .iter()
        .flat_map(|(names, exports)| names.iter().map(move |name| (name, exports)))
        .collect();
    let body = format!(
        "return {}.flatMap(([name, exports]) => exports.filter(key => require(name)[key] === undefined).map(key => name + '.' + key))",
        json!(wanted)
    );
    assert_eq!(value(&body).await, json!([]));
}
