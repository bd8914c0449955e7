//! Nothing survives, nothing leaks, nothing is reachable.

use std::time::Duration;

use authbridge_script::{Call, Limits, ScriptError};
use serde_json::json;

use crate::support::{NOW, TestHost, call, compiled, module, program, sandbox, source, value};

#[tokio::test]
async fn nothing_survives_from_one_call_to_the_next() {
    let sandbox = sandbox();
    let code = "let count = 0; module.exports = () => {
        count += 1;
        globalThis.seen = (globalThis.seen ?? 0) + 1;
        Array.prototype.leak = (Array.prototype.leak ?? 0) + 1;
        require('axios').defaults.leak = (require('axios').defaults.leak ?? 0) + 1;
        Buffer.leak = (Buffer.leak ?? 0) + 1;
        console.leak = (console.leak ?? 0) + 1;
        return [count, seen, [].leak, require('axios').defaults.leak, Buffer.leak, console.leak];
    }";
    let program = program(vec![module(
        "main.js",
        authbridge_script::ModuleFormat::CommonJs,
        code,
        &[],
    )]);
    let program = sandbox.compile(&program).await.unwrap();
    for _ in 0..3 {
        let result = sandbox
            .call(&program, call(), &TestHost::default())
            .await
            .result;
        assert_eq!(result, Ok(Some(json!([1, 1, 1, 1, 1, 1]))));
    }
}

#[tokio::test]
async fn memory_of_an_earlier_call_is_not_seen() {
    let sandbox = sandbox();
    let secret = compiled(
        &sandbox,
        "globalThis.kept = Array.from({ length: 1000 }, (_, i) => 'SECRET-' + i)",
    )
    .await;
    let search = compiled(
        &sandbox,
        "return Object.getOwnPropertyNames(globalThis).includes('kept')",
    )
    .await;
    for _ in 0..40 {
        sandbox.call(&secret, call(), &TestHost::default()).await;
        assert_eq!(
            sandbox
                .call(&search, call(), &TestHost::default())
                .await
                .result,
            Ok(Some(json!(false)))
        );
    }
}

#[tokio::test]
async fn random_numbers_differ_between_calls() {
    let sandbox = sandbox();
    let program = compiled(&sandbox, "return [Math.random(), crypto.randomUUID()]").await;
    let host = TestHost::default();
    let first = sandbox.call(&program, call(), &host).await.result;
    let second = sandbox.call(&program, call(), &host).await.result;
    assert!(first.is_ok() && second.is_ok());
    assert_ne!(first, second);
}

#[tokio::test]
async fn the_clock_is_the_hosts_in_whole_milliseconds_and_utc() {
    let found = value("return [Date.now(), new Date().getTimezoneOffset(), performance.now() % 1, new Date(0).getHours()]").await;
    assert_eq!(found, json!([NOW, 0, 0, 0]));
}

#[tokio::test]
async fn the_global_object_has_what_is_documented_and_no_more() {
    let names = value(
        "const language = new Set(['Object', 'Function', 'Error', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError',
            'URIError', 'InternalError', 'AggregateError', 'SuppressedError', 'Array', 'parseInt', 'parseFloat', 'isNaN', 'isFinite', 'queueMicrotask', 'decodeURI',
            'decodeURIComponent', 'encodeURI', 'encodeURIComponent', 'escape', 'unescape', 'Infinity', 'NaN', 'undefined', 'globalThis',
            'Iterator', 'Number', 'Boolean', 'String', 'Math', 'Reflect', 'Symbol', 'eval', 'Date', 'RegExp', 'JSON', 'Proxy', 'Map',
            'Set', 'WeakMap', 'WeakSet', 'ArrayBuffer', 'Uint8ClampedArray', 'Int8Array', 'Uint8Array', 'Int16Array', 'Uint16Array',
            'Int32Array', 'Uint32Array', 'BigInt64Array', 'BigUint64Array', 'Float16Array', 'Float32Array', 'Float64Array', 'DataView', 'Promise',
            'BigInt', 'WeakRef', 'FinalizationRegistry', 'DOMException', 'DisposableStack', 'AsyncDisposableStack']);
        return Object.getOwnPropertyNames(globalThis).filter(name => !language.has(name)).sort()",
    )
    .await;
    let expected = [
        "AbortController",
        "AbortSignal",
        "Blob",
        "Buffer",
        "Event",
        "EventTarget",
        "File",
        "FormData",
        "Headers",
        "Request",
        "Response",
        "TextDecoder",
        "TextEncoder",
        "URL",
        "URLSearchParams",
        "atob",
        "btoa",
        "clearImmediate",
        "clearInterval",
        "clearTimeout",
        "console",
        "crypto",
        "fetch",
        "global",
        "performance",
        "process",
        "setImmediate",
        "setInterval",
        "setTimeout",
        "structuredClone",
    ];
    assert_eq!(names, json!(expected));
    assert_eq!(
        value("return [Object.keys(process), Object.keys(process.env), typeof process.exit]").await,
        json!([["env"], [], "undefined"])
    );
}

#[tokio::test]
async fn heap_and_stack_follow_the_limits_of_the_call() {
    let sandbox = sandbox();
    let program = compiled(&sandbox, "return new Uint8Array(16 << 20).length").await;
    let host = TestHost::default();
    let small = Limits {
        heap_bytes: 8 << 20,
        ..Limits::default()
    };
    let result = sandbox
        .call(
            &program,
            Call {
                limits: Some(small),
                ..call()
            },
            &host,
        )
        .await;
    assert!(
        matches!(result.result, Err(ScriptError::Limit { .. })),
        "{:?}",
        result.result
    );
    assert!(sandbox.call(&program, call(), &host).await.result.is_ok());

    let depth = compiled(
        &sandbox,
        "const f = n => { try { return f(n + 1) } catch { return n } }; return f(0)",
    )
    .await;
    let shallow = Limits {
        stack_bytes: 64 << 10,
        ..Limits::default()
    };
    let shallow = sandbox
        .call(
            &depth,
            Call {
                limits: Some(shallow),
                ..call()
            },
            &host,
        )
        .await
        .result
        .unwrap();
    let deep = sandbox.call(&depth, call(), &host).await.result.unwrap();
    let deepest = Limits {
        stack_bytes: 10 << 20,
        ..Limits::default()
    };
    let deepest = sandbox
        .call(
            &depth,
            Call {
                limits: Some(deepest),
                ..call()
            },
            &host,
        )
        .await
        .result
        .unwrap();
    let number = |value: Option<serde_json::Value>| value.and_then(|value| value.as_u64()).unwrap();
    let (shallow, deep, deepest) = (number(shallow), number(deep), number(deepest));
    assert!(
        shallow > 100 && deep > 2 * shallow && deepest > deep,
        "{shallow} {deep} {deepest}"
    );
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused() {
    let changes: [fn(&mut authbridge_script::SandboxSettings); 4] = [
        |settings| settings.threads = 0,
        |settings| settings.max_live_calls = 0,
        |settings| settings.limits.heap_bytes = 1 << 40,
        |settings| settings.limits.heap_bytes = 1,
    ];
    for change in changes {
        let mut settings = crate::support::settings();
        change(&mut settings);
        assert!(authbridge_script::Sandbox::new(settings).is_err());
    }
}

#[tokio::test]
async fn an_absurd_heap_limit_of_a_call_is_cut_to_what_there_is() {
    let sandbox = sandbox();
    let program = sandbox
        .compile(&source(
            "const a = []; for (;;) a.push(new Uint8Array(1e6))",
        ))
        .await
        .unwrap();
    let limits = Limits {
        heap_bytes: usize::MAX,
        wall: Duration::from_secs(20),
        ..Limits::default()
    };
    let outcome = sandbox
        .call(
            &program,
            Call {
                limits: Some(limits),
                ..call()
            },
            &TestHost::default(),
        )
        .await;
    assert!(
        matches!(outcome.result, Err(ScriptError::Limit { .. })),
        "{:?}",
        outcome.result
    );
    assert!(outcome.usage.heap_bytes <= 64 << 20);
}

#[tokio::test]
async fn limits_may_be_as_large_as_numbers_get() {
    let sandbox = sandbox();
    let program = sandbox
        .compile(&source(
            "await fetch('https://a.example').catch(() => {}); console.log(1); return [1]",
        ))
        .await
        .unwrap();
    let most = usize::MAX;
    let limits = Limits {
        cpu: Duration::MAX,
        wall: Duration::MAX,
        heap_bytes: most,
        stack_bytes: most,
        output_bytes: most,
        requests: most,
        request_bytes: most,
        response_bytes: most,
        log_lines: most,
        log_bytes: most,
        timers: most,
    };
    let call = Call {
        limits: Some(limits),
        ..call()
    };
    assert_eq!(
        sandbox
            .call(&program, call, &TestHost::default())
            .await
            .result,
        Ok(Some(json!([1])))
    );
    let none = Limits {
        cpu: Duration::ZERO,
        wall: Duration::ZERO,
        heap_bytes: 0,
        stack_bytes: 0,
        output_bytes: 0,
        requests: 0,
        request_bytes: 0,
        response_bytes: 0,
        log_lines: 0,
        log_bytes: 0,
        timers: 0,
    };
    let call = Call {
        limits: Some(none),
        ..crate::support::call()
    };
    assert!(
        sandbox
            .call(&program, call, &TestHost::default())
            .await
            .result
            .is_err()
    );
}
