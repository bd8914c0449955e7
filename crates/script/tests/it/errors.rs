//! What a script throws, and where.

use authbridge_script::{ModuleFormat, ScriptError};
use serde_json::json;

use crate::support::{TestHost, call, module, program, sandbox, thrown};

#[tokio::test]
async fn frames_have_lines_and_columns_in_both_formats() {
    for (format, prefix) in [
        (ModuleFormat::CommonJs, "exports.run = run;"),
        (
            ModuleFormat::Esm,
            "Object.defineProperty(__vite_ssr_exports__, 'run', { get() { return run } });",
        ),
    ] {
        let code = format!(
            "function first() {{ throw new Error('deep') }}\nfunction run() {{\n  return first();\n}}\n{prefix}"
        );
        let sandbox = sandbox();
        let program = sandbox
            .compile(&program(vec![module("auth/main.js", format, &code, &[])]))
            .await
            .unwrap();
        let result = sandbox
            .call(&program, call(), &TestHost::default())
            .await
            .result;
        let Err(ScriptError::Thrown(thrown)) = result else {
            panic!("{result:?}")
        };
        let places: Vec<_> = thrown
            .frames
            .iter()
            .map(|frame| (frame.function.as_str(), frame.line, frame.column))
            .collect();
        assert_eq!(places, [("first", 1, 30), ("run", 3, 10)], "{format:?}");
        assert!(
            thrown
                .frames
                .iter()
                .all(|frame| frame.module == "auth/main.js")
        );
    }
}

#[tokio::test]
async fn an_error_after_an_await_still_has_its_place() {
    let thrown = thrown("\n\n  await null;\n  null.x").await;
    assert_eq!(
        (thrown.name.as_str(), thrown.frames[0].line),
        ("TypeError", 4)
    );
}

#[tokio::test]
async fn errors_of_the_sdk_keep_type_key_and_data() {
    let thrown = thrown(
        "const { NotFoundError } = require('@integration-app/sdk');
        throw new NotFoundError({ message: 'gone', data: { id: 7 } })",
    )
    .await;
    assert_eq!(thrown.name, "NotFoundError");
    assert_eq!(thrown.message, "gone");
    assert_eq!(
        (thrown.kind.as_deref(), thrown.key.as_deref()),
        (Some("bad_request"), Some("not_found"))
    );
    assert_eq!(thrown.data, Some(json!({"id": 7})));
    assert!(thrown.is_error);
}

#[tokio::test]
async fn a_cause_is_kept() {
    let thrown = thrown("throw new Error('outer', { cause: new RangeError('inner') })").await;
    let cause = thrown.cause.expect("a cause");
    assert_eq!(
        (cause.name.as_str(), cause.message.as_str()),
        ("RangeError", "inner")
    );
}

#[tokio::test]
async fn what_is_no_error_is_told_from_one() {
    let text = thrown("throw 'just text'").await;
    assert_eq!((text.is_error, text.message.as_str()), (false, "just text"));
    let object = thrown("throw { code: 'E1', message: 'shaped like one', status: 404 }").await;
    assert_eq!(
        (object.is_error, object.message.as_str()),
        (false, "shaped like one")
    );
    assert_eq!(
        (object.key.as_deref(), object.status),
        (Some("E1"), Some(404))
    );
    let nothing = thrown("throw null").await;
    assert_eq!(
        (nothing.is_error, nothing.message.as_str()),
        (false, "null")
    );
}

#[tokio::test]
async fn a_class_of_the_script_names_its_errors() {
    let thrown =
        thrown("class PaymentRequired extends Error {} throw new PaymentRequired('pay')").await;
    assert_eq!(thrown.name, "PaymentRequired");
}

#[tokio::test]
async fn an_error_in_a_timer_or_microtask_ends_the_call() {
    let in_timer =
        thrown("await new Promise(() => setTimeout(() => { throw new TypeError('late') }, 1))")
            .await;
    assert_eq!(in_timer.message, "late");
    let in_task = thrown(
        "queueMicrotask(() => { throw new TypeError('soon') }); await new Promise(() => {})",
    )
    .await;
    assert_eq!(in_task.message, "soon");
}
