//! Values in, values out.

use serde_json::{Value, json};

use crate::support::{TestHost, run, run_with, thrown, value};

#[tokio::test]
async fn a_function_gets_its_argument_and_returns_json() {
    let outcome = run_with(
        "return { sum: input.a + input.b, input }",
        json!({"a": 1, "b": 2}),
        &TestHost::default(),
    )
    .await;
    assert_eq!(
        outcome.result,
        Ok(Some(json!({"sum": 3, "input": {"a": 1, "b": 2}})))
    );
    println!("{:?}", outcome.usage);
}

#[tokio::test]
async fn nothing_is_none_and_null_is_null() {
    assert_eq!(run("").await.result, Ok(None));
    assert_eq!(run("return null").await.result, Ok(Some(Value::Null)));
}

#[tokio::test]
async fn an_error_has_its_place() {
    let thrown = thrown("\n  throw new TypeError('no')").await;
    assert_eq!(
        (thrown.name.as_str(), thrown.message.as_str()),
        ("TypeError", "no")
    );
    let frame = &thrown.frames[0];
    assert_eq!((frame.module.as_str(), frame.line), ("main.js", 2));
    println!("{thrown:?}");
}

#[tokio::test]
async fn it_hashes() {
    assert_eq!(
        value("return require('crypto').createHash('sha256').update('abc').digest('hex')").await,
        json!("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    );
}
