//! What a function finds without importing anything.

/// A global of the module environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Global {
    /// Its name; related ones share an entry, separated by commas.
    pub name: &'static str,
    /// What it is and what it lacks: a sentence.
    pub summary: &'static str,
}

const fn global(name: &'static str, summary: &'static str) -> Global {
    Global { name, summary }
}

/// The globals beyond the language's own, in the order of the documentation.
pub const GLOBALS: &[Global] = &[
    global(
        "console",
        "`log`, `info`, `debug`, `warn` and `error`. The lines are kept with the call, secrets \
         removed.",
    ),
    global(
        "fetch, Headers, Request, Response, FormData, Blob, File",
        "Requests to the hosts that the connector allows. `FormData`, `Blob` and `File` cover the basics.",
    ),
    global(
        "AbortController, AbortSignal, Event, EventTarget",
        "Ending a request early, `AbortSignal.timeout` included.",
    ),
    global("URL, URLSearchParams", "As in browsers."),
    global("TextEncoder, TextDecoder", "UTF-8, Latin-1 and UTF-16LE."),
    global(
        "btoa, atob",
        "Base64 of strings with one byte for each character.",
    ),
    global("Buffer", "As in Node.js, without `File` and `transcode`."),
    global(
        "crypto",
        "`getRandomValues`, `randomUUID`, and `subtle` with the basics: digests, HMAC, RSA and \
         ECDSA signatures, AES-GCM, PBKDF2.",
    ),
    global(
        "setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, \
         clearImmediate, queueMicrotask",
        "Timers within the call's deadline.",
    ),
    global("structuredClone", "A deep copy of data."),
    global(
        "performance",
        "`now()` and `timeOrigin`, in whole milliseconds.",
    ),
    global("process", "`env`, which is empty; nothing else."),
    global(
        "global, globalThis",
        "The global object; new for each call.",
    ),
    global(
        "module, exports, require",
        "CommonJS; `require` takes literal specifiers that are known before the call.",
    ),
];
