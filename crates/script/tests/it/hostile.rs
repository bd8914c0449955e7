//! Scripts that mean harm. Each must end in a clear error, within its processor time, whatever it tries.

use std::time::Duration;

use authbridge_script::{Call, LimitKind, Limits, Outcome, Sandbox, ScriptError};
use serde_json::json;

use crate::support::{TestHost, call, compiled, response, sandbox};

/// How a script may end.
#[derive(Debug)]
enum End {
    /// One of these limits.
    Limit(&'static [LimitKind]),
    /// An error of this name.
    Throws(&'static str),
    /// Either: which comes first is the engine's business.
    LimitOrThrows(&'static [LimitKind], &'static str),
    Abandoned,
    NotSerialisable,
    /// No harm done.
    Returns,
}

use LimitKind::{Cpu, Heap, Output, RequestSize, Requests, ResponseSize, Stack, Timers, Wall};

const CPU: Duration = Duration::from_millis(150);

/// What the issue allows beyond the limit.
const GRACE: Duration = Duration::from_millis(50);

fn limits() -> Limits {
    Limits {
        cpu: CPU,
        wall: Duration::from_secs(20),
        response_bytes: 1 << 20,
        ..Limits::default()
    }
}

const ENDLESS: &[(&str, &str)] = &[
    ("an empty loop", "while (true) {}"),
    (
        "a loop that catches",
        "while (true) { try { while (true) {} } catch {} }",
    ),
    (
        "a loop in finally",
        "try { while (true) {} } finally { while (true) {} }",
    ),
    ("an awaiting loop", "while (true) await null"),
    (
        "a generator",
        "for (const x of (function* () { while (true) yield 1 })()) {}",
    ),
    (
        "an asynchronous generator",
        "for await (const x of (async function* () { while (true) yield 1 })()) {}",
    ),
    (
        "a microtask that queues itself",
        "const f = () => queueMicrotask(f); f(); await new Promise(() => {})",
    ),
    (
        "a comparison that never ends",
        "[3, 2, 1].sort(() => { while (true) {} })",
    ),
    (
        "a waiting for the clock",
        "const end = Date.now() + 1e9; while (Date.now() < end) {}",
    ),
    (
        "a catastrophic expression",
        "/^(a+)+$/.test('a'.repeat(50) + 'b')",
    ),
    (
        "an expression with back references",
        "/(x+x+)+\\1y/.test('x'.repeat(2000))",
    ),
    (
        "an expression that looks behind",
        "/(?<=(a+)+)b/.test('a'.repeat(5000))",
    ),
    (
        "a search in a huge string",
        "const s = 'a'.repeat(4e6); while (true) s.indexOf('a'.repeat(1e6) + 'b')",
    ),
    (
        "a search for a huge pattern",
        "const s = 'ab'.repeat(2e6); for (;;) s.lastIndexOf('ba'.repeat(1e5) + 'c')",
    ),
    ("evaluated code", "eval('while (true) {}')"),
    ("a function from text", "new Function('while (true) {}')()"),
    (
        "recursion that doubles",
        "const f = () => { try { f() } finally { f() } }; f()",
    ),
    (
        "an iterator without an end",
        "const x = [...{ [Symbol.iterator]: () => ({ next: () => ({ done: false }) }) }].length; while (x) {}",
    ),
    (
        "a conversion that never ends",
        "`${{ toString() { while (true) {} } }}`",
    ),
    (
        "a getter that never ends",
        "return { get x() { while (true) {} } }",
    ),
    (
        "a toJSON that never ends",
        "return { toJSON() { while (true) {} } }",
    ),
    (
        "an error whose message never ends",
        "throw { get message() { while (true) {} } }",
    ),
    (
        "a proxy that never answers",
        "return new Proxy({}, { ownKeys() { while (true) {} } })",
    ),
    (
        "derivation of a key for ever",
        "require('crypto').pbkdf2Sync('a', 'b', 2e9, 64, 'sha512')",
    ),
    (
        "hashing for ever",
        "for (;;) require('crypto').createHash('sha256').update('a'.repeat(1e6)).digest()",
    ),
    (
        "parsing of URLs for ever",
        "for (;;) new URL('https://example.com/' + 'a'.repeat(1e4))",
    ),
    (
        "a timer that never returns",
        "await new Promise(() => setTimeout(() => { while (true) {} }, 1))",
    ),
    (
        "a sparse sort",
        "const a = []; a.length = 4e9; a[4e9 - 1] = 1; a.sort()",
    ),
    (
        "a walk over a huge hole",
        "const a = []; a.length = 4294967295; a.indexOf(1, 1); for (;;) Array.prototype.includes.call(a, 2)",
    ),
    (
        "an iteration over 2 ** 53",
        "Array.prototype.forEach.call({ length: 2 ** 53 - 1 }, () => {})",
    ),
    (
        "a thenable without an end",
        "const t = { then(f) { f(t) } }; await t",
    ),
];

const GREEDY: &[(&str, &str)] = &[
    (
        "a doubling string",
        "let s = 'abcdefgh'; for (;;) s = [s, s].join('')",
    ),
    ("a rope", "let s = 'ab'; for (;;) s += s"),
    (
        "a growing array",
        "const a = []; for (;;) a.push({}, [], 'x')",
    ),
    (
        "a growing map",
        "const m = new Map(); for (let i = 0; ; i++) m.set(i, [i])",
    ),
    (
        "a growing set",
        "const m = new Set(); for (let i = 0; ; i++) m.add('k' + i)",
    ),
    (
        "a growing object",
        "const o = {}; for (let i = 0; ; i++) o['k' + i] = i",
    ),
    (
        "buffers",
        "const a = []; for (;;) a.push(new Uint8Array(1e6).fill(1))",
    ),
    ("a huge buffer", "new ArrayBuffer(2 ** 31 - 1)"),
    ("a long string", "'a'.repeat(2 ** 29)"),
    ("padding", "'a'.padEnd(2 ** 29, 'xyz')"),
    ("joining a hole", "new Array(1e8).join('x')"),
    (
        "an array from a length",
        "Array.from({ length: 1e9 }, () => [1])",
    ),
    ("squaring", "let n = 3n; for (;;) n *= n"),
    ("a power", "return String(2n ** (2n ** 40n))"),
    (
        "a replacement",
        "'a'.repeat(1e6).replace(/a/g, 'b'.repeat(1e5))",
    ),
    (
        "a promise storm",
        "const f = () => { Promise.resolve().then(f); Promise.resolve().then(f) }; f(); await new Promise(() => {})",
    ),
    (
        "closures",
        "let f = () => 0; for (;;) { const g = f; f = () => [g, new Array(100).fill(g)] }",
    ),
    (
        "normalisation",
        "let s = '\u{fdfa}'.repeat(1e5); for (;;) s = s.normalize('NFKD')",
    ),
    ("a huge result", "return 'x'.repeat(1e8)"),
    (
        "random bytes",
        "const a = []; for (;;) a.push(require('crypto').randomBytes(1e6))",
    ),
    (
        "a splitting",
        "for (const a = []; ;) a.push('a,'.repeat(1e5).split(','))",
    ),
    (
        "a structured clone",
        "let o = [1]; for (;;) o = structuredClone([o, o, o])",
    ),
    (
        "a formatted log",
        "console.log(Array.from({ length: 1e9 }))",
    ),
    (
        "an error with a huge message",
        "throw new Error('x'.repeat(1e9))",
    ),
    (
        "buffers by concatenation",
        "let b = Buffer.alloc(1e6); for (;;) b = Buffer.concat([b, b])",
    ),
];

const OTHERS: &[(&str, &str, End)] = &[
    (
        "recursion",
        "const f = () => f() + 1; f()",
        End::Throws("RangeError"),
    ),
    (
        "recursion over a getter",
        "const o = { get x() { return this.x } }; o.x",
        End::Throws("RangeError"),
    ),
    (
        "recursion over a proxy",
        "const p = new Proxy({}, { get: (t, k, r) => r[k] }); p.x",
        End::LimitOrThrows(&[Stack], "RangeError"),
    ),
    (
        "recursion over a conversion",
        "const o = { toString: () => `${o}` }; `${o}`",
        End::LimitOrThrows(&[Stack], "RangeError"),
    ),
    (
        "recursion over sort",
        "const f = () => [2, 1].sort(f); f()",
        End::LimitOrThrows(&[Stack], "RangeError"),
    ),
    (
        "recursion over replace",
        "const f = () => 'a'.replace(/a/, f); f()",
        End::LimitOrThrows(&[Stack], "RangeError"),
    ),
    (
        "recursion over bind",
        "let f = () => {}; for (let i = 0; i < 1e5; i++) f = f.bind(); f()",
        End::LimitOrThrows(&[Stack, Heap], "RangeError"),
    ),
    (
        "recursion in JSON",
        "const o = { toJSON: () => JSON.stringify(o) }; JSON.stringify(o)",
        End::LimitOrThrows(&[Stack], "RangeError"),
    ),
    (
        "deep JSON",
        "JSON.parse('['.repeat(1e6))",
        End::LimitOrThrows(&[Stack], "RangeError"),
    ),
    (
        "a deep expression",
        "new RegExp('('.repeat(1e5) + ')'.repeat(1e5))",
        End::LimitOrThrows(&[Stack], "SyntaxError"),
    ),
    (
        "deep code",
        "eval('['.repeat(1e5))",
        End::LimitOrThrows(&[Stack, Cpu], ""),
    ),
    (
        "a deep array",
        "let a = []; for (let i = 0; i < 2e4; i++) a = [a]; JSON.stringify(a)",
        End::LimitOrThrows(&[Stack, Cpu], "RangeError"),
    ),
    (
        "a deep array let go",
        "let a = []; for (let i = 0; i < 5e4; i++) a = [a]; a = null; return 1",
        End::Returns,
    ),
    (
        "a promise that never settles",
        "await new Promise(() => {})",
        End::Abandoned,
    ),
    (
        "a thenable that never calls back",
        "await { then() {} }",
        End::Abandoned,
    ),
    (
        "an interval that never ends",
        "setInterval(() => {}, 5); await new Promise(() => {})",
        End::Limit(&[Wall, Cpu]),
    ),
    (
        "timers without number",
        "for (;;) setTimeout(() => {}, 1e9)",
        End::Limit(&[Timers]),
    ),
    (
        "requests without number",
        "await Promise.all(Array.from({ length: 500 }, () => fetch('https://api.example.com')))",
        End::Limit(&[Requests]),
    ),
    (
        "requests one after the other",
        "for (;;) await fetch('https://api.example.com')",
        End::Limit(&[Requests]),
    ),
    (
        "a large request",
        "await fetch('https://a.example', { method: 'POST', body: new Uint8Array(11 << 20) })",
        End::Limit(&[RequestSize]),
    ),
    (
        "a large response",
        "await fetch('https://large.example')",
        End::Limit(&[ResponseSize]),
    ),
    (
        "a log without end",
        "for (let i = 0; i < 5000; i++) console.log(i, 'x'.repeat(100))",
        End::Returns,
    ),
    (
        "a cycle",
        "const o = {}; o.o = o; return o",
        End::NotSerialisable,
    ),
    (
        "a cycle of arrays",
        "const a = []; a.push([a]); return a",
        End::NotSerialisable,
    ),
    ("a BigInt", "return { n: 1n }", End::NotSerialisable),
    (
        "a deep result",
        "let o = {}; for (let i = 0; i < 1e4; i++) o = { o }; return o",
        End::NotSerialisable,
    ),
    (
        "a result that repeats itself",
        "let o = ['x'.repeat(1000)]; for (let i = 0; i < 40; i++) o = [o, o]; return o",
        End::Limit(&[Output, Cpu]),
    ),
    (
        "a result of 100 MB",
        "const s = 'x'.repeat(1e6); return Array.from({ length: 100 }, () => s)",
        End::Limit(&[Output]),
    ),
    (
        "a result of holes",
        "const a = []; a.length = 4294967295; return a",
        End::Limit(&[Output, Cpu]),
    ),
    (
        "a result with a throwing getter",
        "return { get x() { throw new RangeError('mine') } }",
        End::Throws("RangeError"),
    ),
    (
        "a result that is a hostile proxy",
        "return new Proxy({}, { get() { throw new TypeError('mine') } })",
        End::Throws("TypeError"),
    ),
    (
        "a revoked proxy",
        "const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy",
        End::Throws("TypeError"),
    ),
    ("a thrown string", "throw 'text'", End::Throws("")),
    ("a thrown nothing", "throw undefined", End::Throws("")),
    ("a thrown symbol", "throw Symbol('s')", End::Throws("")),
    (
        "a thrown function",
        "throw function f() {}",
        End::Throws("f"),
    ),
    (
        "a thrown revoked proxy",
        "const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); throw proxy",
        End::Throws(""),
    ),
    (
        "a thrown hostile proxy",
        "throw new Proxy(new Error('x'), { get() { throw 1 }, getPrototypeOf() { throw 2 } })",
        End::Throws(""),
    ),
    (
        "an error whose stack is no text",
        "const e = new Error('x'); Object.defineProperty(e, 'stack', { value: { toString() { throw 1 } } }); throw e",
        End::Throws("Error"),
    ),
    (
        "an error that is its own cause",
        "const e = new Error('x'); e.cause = e; throw e",
        End::Throws("Error"),
    ),
    (
        "a forged stack",
        "const e = new Error('x'); e.stack = '    at f (main.js:99999999999:1)\\n at (main.js:1:0)'; throw e",
        End::Throws("Error"),
    ),
    (
        "a prepared stack",
        "Error.prepareStackTrace = () => { throw 1 }; throw new Error('x')",
        End::Throws("Error"),
    ),
    (
        "a polluted prototype",
        "Object.prototype.toJSON = () => 'polluted'; Object.prototype.then = undefined; return { a: 1 }",
        End::Returns,
    ),
    (
        "a replaced JSON",
        "JSON.stringify = () => { throw 1 }; JSON.parse = () => { throw 2 }; return { a: 1 }",
        End::Returns,
    ),
    (
        "replaced promises",
        "Promise.prototype.then = () => { throw 1 }; globalThis.Promise = null; return { a: 1 }",
        End::Returns,
    ),
    (
        "replaced collections",
        "Map.prototype.get = Map.prototype.set = Set.prototype.has = Array.prototype.push = () => { throw new Error('mine') }; return { a: 1 }",
        End::LimitOrThrows(&[], "Error"),
    ),
    (
        "a frozen global",
        "Object.freeze(globalThis); Object.freeze(Object.prototype); return { a: 1 }",
        End::Returns,
    ),
    (
        "a deleted global",
        "for (const k of Object.getOwnPropertyNames(globalThis)) try { delete globalThis[k] } catch {} return 1",
        End::Returns,
    ),
    (
        "a replaced species",
        "Uint8Array[Symbol.species] = null; class B extends Array { static get [Symbol.species]() { throw 1 } } return new B(3)",
        End::Returns,
    ),
    (
        "a transferred buffer",
        "const b = new ArrayBuffer(8); b.transfer(); return { b }",
        End::Throws("TypeError"),
    ),
    (
        "a resizable buffer",
        "const b = new ArrayBuffer(8, { maxByteLength: 64 }); const v = new Uint8Array(b, 4); b.resize(0); await fetch('https://a.example', { method: 'POST', body: v }); return 1",
        End::LimitOrThrows(&[], ""),
    ),
    (
        "a file",
        "require('fs').readFileSync('/etc/passwd')",
        End::Throws("Error"),
    ),
    (
        "a process",
        "require('child_process').execSync('id')",
        End::Throws("Error"),
    ),
    (
        "a worker",
        "new (require('worker_threads').Worker)('x')",
        End::Throws("Error"),
    ),
    (
        "a process by its constructor",
        "return this.constructor.constructor('return process.mainModule.require')()",
        End::Throws("TypeError"),
    ),
    ("a dynamic import", "await import('fs')", End::Throws("")),
    (
        "the engine's own modules",
        "await import('os'); await import('std')",
        End::Throws(""),
    ),
    (
        "shared memory",
        "return new SharedArrayBuffer(8)",
        End::Throws("ReferenceError"),
    ),
    ("a debugger", "debugger; return 1", End::Returns),
    ("exiting", "process.exit(1)", End::Throws("TypeError")),
    (
        "a bad argument for the host",
        "new URL({ toString() { throw new TypeError('mine') } })",
        End::Throws("TypeError"),
    ),
    (
        "lone surrogates",
        "new URL('https://example.com/\\ud800'); await fetch('https://a.example', { method: 'POST', body: '\\udfff' })",
        End::LimitOrThrows(&[], ""),
    ),
    (
        "a key that is too long",
        "require('crypto').createSign('sha256').update('x').sign('-----BEGIN PRIVATE KEY-----' + 'A'.repeat(1e6))",
        End::Throws("Error"),
    ),
    (
        "a garbage key",
        "require('crypto').createSign('sha256').update('x').sign('-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----')",
        End::Throws("Error"),
    ),
];

#[tokio::test]
async fn endless_scripts_end_at_their_processor_time() {
    check_all(
        ENDLESS
            .iter()
            .map(|(name, code)| (*name, *code, &End::Limit(&[Cpu, Heap]))),
    )
    .await;
}

#[tokio::test]
async fn greedy_scripts_end_at_their_memory() {
    let end = &End::LimitOrThrows(&[Heap, Cpu, Output], "");
    check_all(GREEDY.iter().map(|(name, code)| (*name, *code, end))).await;
}

#[tokio::test]
async fn other_attacks_end_as_they_should() {
    check_all(OTHERS.iter().map(|(name, code, end)| (*name, *code, end))).await;
}

async fn check_all(attacks: impl Iterator<Item = (&str, &str, &End)>) {
    let sandbox = sandbox();
    let mut problems = Vec::new();
    for (name, code, end) in attacks {
        problems.extend(check(&sandbox, name, code, end).await.err());
    }
    assert!(
        problems.is_empty(),
        "{}",
        problems.join(
            "
"
        )
    );
}

async fn check(sandbox: &Sandbox, name: &str, code: &str, end: &End) -> Result<(), String> {
    let limits = if matches!(end, End::Limit([Wall, ..])) {
        Limits {
            wall: Duration::from_millis(300),
            ..limits()
        }
    } else {
        limits()
    };
    let host = TestHost::fetching(|request| {
        let size = if request.url.contains("large") {
            2 << 20
        } else {
            2
        };
        Ok(response(200, "text/plain", vec![b'x'; size]))
    });
    let program = compiled(sandbox, code).await;
    let outcome = sandbox
        .call(
            &program,
            Call {
                limits: Some(limits),
                argument: json!({}),
                ..call()
            },
            &host,
        )
        .await;
    if outcome.usage.cpu > CPU + GRACE {
        return Err(format!("{name}: {:?} of processor time", outcome.usage.cpu));
    }
    if !ends_as(&outcome, end) {
        return Err(format!(
            "{name}: expected {end:?}, got {:?}",
            outcome.result
        ));
    }
    assert_eq!(
        well_behaved(sandbox).await,
        Ok(Some(json!(42))),
        "after {name}"
    );
    Ok(())
}

fn ends_as(outcome: &Outcome, end: &End) -> bool {
    match (&outcome.result, end) {
        (
            Err(ScriptError::Limit { which, .. }),
            End::Limit(limits) | End::LimitOrThrows(limits, _),
        ) => limits.contains(which),
        (Err(ScriptError::Thrown(thrown)), End::Throws(name) | End::LimitOrThrows(_, name)) => {
            name.is_empty() || thrown.name == *name
        }
        (Err(ScriptError::Abandoned), End::Abandoned)
        | (Err(ScriptError::NotSerialisable { .. }), End::NotSerialisable)
        | (Ok(_), End::Returns) => true,
        // Where both are allowed, so is that it does nothing bad.
        (Ok(_), End::LimitOrThrows(limits, _)) => limits.is_empty(),
        _ => false,
    }
}

async fn well_behaved(sandbox: &Sandbox) -> Result<Option<serde_json::Value>, ScriptError> {
    let program = compiled(sandbox, "return 6 * 7").await;
    sandbox
        .call(&program, call(), &TestHost::default())
        .await
        .result
}

#[tokio::test]
async fn a_well_behaved_script_beside_hostile_ones_succeeds() {
    let sandbox = sandbox();
    let hostile = compiled(&sandbox, "while (true) {}").await;
    let greedy = compiled(&sandbox, "const a = []; for (;;) a.push({}, [], 'x')").await;
    let good = compiled(&sandbox, "let sum = 0; for (let i = 0; i < 1000; i++) sum += i; await new Promise(r => setTimeout(r, 5)); return sum").await;
    let limited = || Call {
        limits: Some(limits()),
        ..call()
    };
    let host = TestHost::default();
    let attacks = (0..4).flat_map(|_| {
        [
            sandbox.call(&hostile, limited(), &host),
            sandbox.call(&greedy, limited(), &host),
        ]
    });
    let attacks = futures_util::future::join_all(attacks);
    let (attacks, good) = tokio::join!(attacks, sandbox.call(&good, call(), &host));
    assert!(
        attacks
            .iter()
            .all(|outcome| matches!(outcome.result, Err(ScriptError::Limit { .. })))
    );
    assert_eq!(good.result, Ok(Some(json!(499_500))));
    assert!(
        good.usage.cpu < Duration::from_millis(100),
        "{:?}",
        good.usage.cpu
    );
}

#[tokio::test]
async fn a_full_log_says_so() {
    let sandbox = sandbox();
    let program = compiled(&sandbox, "for (let i = 0; i < 5000; i++) console.log(i)").await;
    let outcome = sandbox.call(&program, call(), &TestHost::default()).await;
    assert_eq!(outcome.logs.len(), 1001);
    assert_eq!(
        outcome.logs[1000].message,
        "the log is full: what followed was dropped"
    );
}
