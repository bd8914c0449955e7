//! Many calls at one time: places, queues, cancellation.

use std::sync::Arc;
use std::time::Duration;

use authbridge_script::{Call, ClientData, ClientResponse, Limits, Sandbox, ScriptError};
use futures_util::future::join_all;
use serde_json::json;
use tokio::time::timeout;

use crate::support::{TestHost, call, compiled, sandbox, settings};

fn patient_host() -> TestHost {
    let mut host = TestHost::client(|_, _| {
        Ok(ClientResponse {
            status: 200,
            headers: Vec::new(),
            data: ClientData::Json(json!({"id": 7})),
        })
    });
    host.delay = Duration::from_millis(20);
    host
}

fn with_client() -> Call {
    Call {
        argument: json!({}),
        clients: vec!["apiClient".to_owned()],
        ..call()
    }
}

#[tokio::test]
async fn a_thousand_calls_that_wait_all_succeed() {
    let sandbox = sandbox();
    let program = compiled(&sandbox, "return (await input.apiClient.get('/me')).id").await;
    let host = patient_host();
    let outcomes = join_all((0..1000).map(|_| sandbox.call(&program, with_client(), &host))).await;
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.result == Ok(Some(json!(7))))
    );
    assert_eq!(host.requested.lock().unwrap().len(), 1000);
}

#[tokio::test]
async fn one_call_makes_many_requests_at_one_time() {
    let sandbox = sandbox();
    let program = compiled(&sandbox, "return (await Promise.all(Array.from({ length: 50 }, (_, i) => input.apiClient.get('/' + i)))).length").await;
    let outcome = sandbox.call(&program, with_client(), &patient_host()).await;
    assert_eq!(outcome.result, Ok(Some(json!(50))));
    assert_eq!(outcome.usage.requests, 50);
}

#[tokio::test]
async fn a_call_that_is_dropped_frees_its_place() {
    let mut settings = settings();
    settings.max_live_calls = 1;
    let sandbox = Sandbox::new(settings).unwrap();
    let stuck = compiled(&sandbox, "await new Promise(r => setTimeout(r, 1e6))").await;
    let spinning = compiled(&sandbox, "while (true) {}").await;
    let quick = compiled(&sandbox, "return 1").await;
    let host = TestHost::default();
    for program in [&stuck, &spinning, &stuck] {
        let limits = Limits {
            cpu: Duration::from_mins(10),
            wall: Duration::from_mins(10),
            ..Limits::default()
        };
        let endless = sandbox.call(
            program,
            Call {
                limits: Some(limits),
                ..call()
            },
            &host,
        );
        assert!(timeout(Duration::from_millis(30), endless).await.is_err());
        assert_eq!(
            sandbox.call(&quick, call(), &host).await.result,
            Ok(Some(json!(1)))
        );
    }
}

#[tokio::test]
async fn a_tenant_that_floods_leaves_places_to_others() {
    let mut settings = settings();
    settings.max_live_calls = 4;
    settings.max_live_calls_per_tenant = 3;
    let sandbox = Sandbox::new(settings).unwrap();
    let stuck = compiled(&sandbox, "await new Promise(r => setTimeout(r, 1e6))").await;
    let quick = compiled(&sandbox, "return 1").await;
    let host = Arc::new(TestHost::default());
    let flood: Vec<_> = (0..20)
        .map(|_| {
            let (sandbox, stuck, host) = (sandbox.clone(), stuck.clone(), Arc::clone(&host));
            tokio::spawn(async move { sandbox.call(&stuck, call(), &*host).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let other = Call {
        tenant: "other".to_owned(),
        ..call()
    };
    assert_eq!(
        sandbox.call(&quick, other, &*host).await.result,
        Ok(Some(json!(1)))
    );
    // Of the flooding tenant, even a quick call has to wait.
    let limits = Limits {
        wall: Duration::from_millis(50),
        ..Limits::default()
    };
    let late = sandbox
        .call(
            &quick,
            Call {
                limits: Some(limits),
                ..call()
            },
            &*host,
        )
        .await;
    assert_eq!(late.result, Err(ScriptError::Busy));
    flood.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn compiling_does_not_wait_for_calls() {
    let mut settings = settings();
    settings.max_live_calls = 1;
    let sandbox = Sandbox::new(settings).unwrap();
    let stuck = compiled(&sandbox, "await new Promise(r => setTimeout(r, 1e6))").await;
    let host = TestHost::default();
    let call = sandbox.call(&stuck, call(), &host);
    tokio::pin!(call);
    assert!(timeout(Duration::from_millis(20), &mut call).await.is_err());
    compiled(&sandbox, "return 1").await;
}

#[tokio::test]
async fn requests_may_outlive_the_result() {
    let sandbox = sandbox();
    let program = compiled(
        &sandbox,
        "input.apiClient.get('/slow'); setTimeout(() => {}, 1e6); return 1",
    )
    .await;
    assert_eq!(
        sandbox
            .call(&program, with_client(), &patient_host())
            .await
            .result,
        Ok(Some(json!(1)))
    );
}

#[tokio::test]
async fn a_sandbox_may_be_dropped_where_blocking_is_not_allowed() {
    let sandbox = sandbox();
    let program = compiled(&sandbox, "return 1").await;
    drop(sandbox.clone());
    assert!(
        sandbox
            .call(&program, call(), &TestHost::default())
            .await
            .result
            .is_ok()
    );
    drop(sandbox);
}
