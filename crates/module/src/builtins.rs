//! The built-in modules: the one list, used by `validate`, by the documentation and by the
//! sandbox's tests.

/// A module that every function can import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Builtin {
    /// The canonical name, as the sandbox knows it.
    pub name: &'static str,
    /// Other specifiers for the same module.
    pub aliases: &'static [&'static str],
    /// What it exports by name. `default` is always there as well: the module itself.
    pub exports: &'static [&'static str],
    /// What it is for: a sentence.
    pub summary: &'static str,
    /// What the original has and this does not: a sentence, or empty when nothing is missing.
    pub absent: &'static str,
}

impl Builtin {
    /// The module that `specifier` means, be it the canonical name or an alias.
    pub fn of_specifier(specifier: &str) -> Option<&'static Self> {
        let means =
            |builtin: &&Self| builtin.name == specifier || builtin.aliases.contains(&specifier);
        BUILTINS.iter().find(means)
    }
}

/// The classes and enumerations of the SDK's errors.
const SDK_ERRORS: &[&str] = &[
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
    "DependencyError",
    "ErrorData",
    "ErrorDoc",
    "ErrorType",
    "FlowInstanceSetupError",
    "FlowRunError",
    "IntegrationAppError",
    "InternalError",
    "NotAuthenticatedError",
    "NotFoundError",
    "RateLimitExceededError",
    "UnitRunError",
    "extractIntegrationAppErrorData",
    "getErrorFromData",
    "isIntegrationAppError",
];

/// The built-in modules, in the order of the documentation.
pub const BUILTINS: &[Builtin] = &[
    Builtin {
        name: "crypto",
        aliases: &["node:crypto"],
        exports: &[
            "KeyObject",
            "constants",
            "createCipheriv",
            "createDecipheriv",
            "createHash",
            "createHmac",
            "createPrivateKey",
            "createPublicKey",
            "createSecretKey",
            "createSign",
            "createVerify",
            "getCiphers",
            "getHashes",
            "getRandomValues",
            "hash",
            "pbkdf2",
            "pbkdf2Sync",
            "randomBytes",
            "randomFillSync",
            "randomInt",
            "randomUUID",
            "sign",
            "subtle",
            "timingSafeEqual",
            "verify",
            "webcrypto",
        ],
        summary: "Hashes (MD5, SHA-1, SHA-2), HMAC, RSA and ECDSA signatures, AES in CBC and GCM \
                  mode, PBKDF2, random bytes, keys.",
        absent: "`scrypt`, key generation, Diffie-Hellman, certificates, streams, and other \
                 ciphers than AES.",
    },
    Builtin {
        name: "buffer",
        aliases: &["node:buffer"],
        exports: &["Buffer", "atob", "btoa"],
        summary: "`Buffer`, which is a global as well.",
        absent: "`File`, `transcode` and `constants`.",
    },
    Builtin {
        name: "url",
        aliases: &["node:url"],
        exports: &["URL", "URLSearchParams", "format", "parse", "resolve"],
        summary: "`URL` and `URLSearchParams`, and the older `parse`, `format` and `resolve`.",
        absent: "`fileURLToPath`, `pathToFileURL` and `domainToASCII`.",
    },
    Builtin {
        name: "querystring",
        aliases: &["node:querystring"],
        exports: &[
            "decode",
            "encode",
            "escape",
            "parse",
            "stringify",
            "unescape",
        ],
        summary: "Query strings to objects and back.",
        absent: "",
    },
    Builtin {
        name: "util",
        aliases: &["node:util"],
        exports: &[
            "TextDecoder",
            "TextEncoder",
            "callbackify",
            "deprecate",
            "format",
            "inherits",
            "inspect",
            "isArray",
            "isDeepStrictEqual",
            "promisify",
            "types",
        ],
        summary: "`promisify`, `inspect`, `format`, `isDeepStrictEqual` and the like.",
        absent: "`parseArgs`, `styleText`, `debuglog` and what needs a process.",
    },
    Builtin {
        name: "events",
        aliases: &["node:events"],
        exports: &["EventEmitter"],
        summary: "A small `EventEmitter`.",
        absent: "`on` and `once` as functions of the module, and `EventTarget` helpers.",
    },
    Builtin {
        name: "axios",
        aliases: &[],
        exports: &[
            "Axios",
            "AxiosError",
            "AxiosHeaders",
            "CanceledError",
            "all",
            "axios",
            "create",
            "defaults",
            "delete",
            "get",
            "getUri",
            "head",
            "interceptors",
            "isAxiosError",
            "isCancel",
            "options",
            "patch",
            "patchForm",
            "post",
            "postForm",
            "put",
            "putForm",
            "request",
            "spread",
        ],
        summary: "The HTTP client: `axios(config)`, `get`, `post` and the others, `create`, \
                  interceptors, `AxiosError`.",
        absent: "Adapters, proxies, agents, progress events and `CancelToken` (use `signal`).",
    },
    Builtin {
        name: "jsonwebtoken",
        aliases: &[],
        exports: &[
            "JsonWebTokenError",
            "NotBeforeError",
            "TokenExpiredError",
            "decode",
            "sign",
            "verify",
        ],
        summary: "`sign`, `verify` and `decode` of JSON web tokens.",
        absent: "The algorithm `none` and encrypted private keys.",
    },
    Builtin {
        name: "@integration-app/sdk",
        aliases: &[],
        exports: SDK_ERRORS,
        summary: "The error classes, to be thrown or compared with, and their enumerations.",
        absent: "The client of the engine and the React hooks.",
    },
    Builtin {
        name: "@integration-app/sdk/errors",
        aliases: &[],
        exports: SDK_ERRORS,
        summary: "The error classes, as older connectors import them.",
        absent: "",
    },
    Builtin {
        name: "@membranehq/sdk",
        aliases: &["@membranehq/sdk/errors"],
        exports: SDK_ERRORS,
        summary: "The error classes under the newer name of the package.",
        absent: "The client of the engine and the React hooks.",
    },
    Builtin {
        name: "@integration-app/connector-sdk",
        aliases: &[],
        exports: &["RestApiClient"],
        summary: "`RestApiClient`, which `makeApiClient` may return.",
        absent: "Everything but the client.",
    },
];

/// Modules of Node.js that are not there, and why; `node:` in front is ignored.
pub(crate) fn why_absent(specifier: &str) -> Option<&'static str> {
    let name = specifier.strip_prefix("node:").unwrap_or(specifier);
    let name = name.split('/').next().unwrap_or(name);
    match name {
        "fs" | "path" | "os" => Some("functions have no file system"),
        "child_process"
        | "cluster"
        | "worker_threads"
        | "process"
        | "vm"
        | "v8"
        | "module"
        | "repl"
        | "inspector"
        | "async_hooks"
        | "perf_hooks"
        | "diagnostics_channel" => Some("functions have no process and no threads of their own"),
        "net" | "tls" | "dgram" | "dns" | "http" | "https" | "http2" => {
            Some("functions reach the network through `fetch`, `axios` and the API client only")
        }
        "assert" | "constants" | "console" | "domain" | "punycode" | "readline" | "stream"
        | "string_decoder" | "sys" | "test" | "timers" | "trace_events" | "tty" | "wasi"
        | "zlib" => Some("this module of Node.js is not provided"),
        _ if specifier.starts_with("node:") => Some("there is no such module here"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_specifier_means_one_module() {
        let mut seen = Vec::new();
        for builtin in BUILTINS {
            for specifier in builtin.aliases.iter().chain([&builtin.name]) {
                assert!(!seen.contains(specifier), "{specifier} twice");
                seen.push(specifier);
                assert_eq!(Builtin::of_specifier(specifier), Some(builtin));
            }
        }
    }

    #[test]
    fn exports_are_sorted_and_listed_once() {
        for builtin in BUILTINS {
            assert!(
                builtin.exports.is_sorted_by(|a, b| a < b),
                "{}",
                builtin.name
            );
        }
    }

    #[test]
    fn modules_of_node_say_why_they_are_absent() {
        for specifier in ["fs", "node:fs", "fs/promises", "node:net", "node:made-up"] {
            assert!(why_absent(specifier).is_some(), "{specifier}");
        }
        assert_eq!(why_absent("lodash"), None);
    }
}
