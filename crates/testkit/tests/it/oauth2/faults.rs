//! The token endpoint when it fails.

use std::time::Duration;

use authbridge_testkit::oauth2::{
    AuthorizationServer, Counts, FaultAnswer, FaultBody, GrantType, RetryAfter, TokenFault,
};
use http::StatusCode;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use jiff::Timestamp;
use serde_json::json;

use super::{CLIENT, World, assert_refused, refreshing, text};

/// Waits until the numbers are as wanted.
async fn until(server: &AuthorizationServer, is_so: impl Fn(&Counts) -> bool) {
    while !is_so(&server.counts()) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_answer_on_demand_grants_nothing() {
    let world = World::plain().await;
    let (_, refresh) = world.tokens();
    let bodies = [
        (FaultBody::Error("slow_down".into()), "application/json"),
        (FaultBody::Json(json!({ "x": 1 })), "application/json"),
        (FaultBody::Html, "text/html; charset=utf-8"),
        (FaultBody::Garbage, "application/json"),
        (FaultBody::Empty, "application/json"),
    ];
    for (body, kind) in bodies {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let answer = FaultAnswer::new(status, body.clone());
        world.server.fault_next(1, TokenFault::Answer(answer));
        let answer = world.refresh(&refresh).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.headers[CONTENT_TYPE], kind);
        assert_eq!(answer.body.is_empty(), body == FaultBody::Empty);
        assert_eq!(answer.headers.get(RETRY_AFTER), None);
    }
    assert_eq!(world.refresh(&refresh).await.status, StatusCode::OK);
    let counts = world.server.counts();
    assert_eq!((counts.token_requests, counts.tokens_granted), (6, 1));
    assert_eq!(counts.of(GrantType::RefreshToken), 6);
    assert_eq!(counts.refresh_token_reuses, 0);
}

#[tokio::test]
async fn a_wait_is_told_in_seconds_or_as_a_date() {
    let world = World::plain().await;
    let moment: Timestamp = "1994-11-06T08:49:37Z".parse().unwrap();
    let waits = [
        (RetryAfter::Seconds(7), "7"),
        (RetryAfter::At(moment), "Sun, 06 Nov 1994 08:49:37 GMT"),
    ];
    for (wait, written) in waits {
        let fault = FaultAnswer::error(StatusCode::TOO_MANY_REQUESTS, "slow_down");
        world
            .server
            .fault_next(1, TokenFault::Answer(fault.retry_after(wait)));
        let answer = world.refresh("any").await;
        assert_refused(&answer, StatusCode::TOO_MANY_REQUESTS, "slow_down");
        assert_eq!(answer.headers[RETRY_AFTER], written);
    }
}

#[tokio::test]
async fn a_connection_closed_before_grants_nothing() {
    let world = World::plain().await;
    let (_, refresh) = world.tokens();
    let parameters = [&CLIENT[..], &refreshing(&refresh)].concat();
    world.server.fault_next(2, TokenFault::CloseBefore);
    for _ in 0..2 {
        assert!(world.try_token(&parameters).await.is_err());
    }
    assert_eq!(world.server.counts().tokens_granted, 0);
    assert_eq!(world.refresh(&refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_lost_answer_leaves_the_refresh_token_replaced() {
    for fault in [TokenFault::CloseAfter, TokenFault::CutAfter] {
        let world = World::plain().await;
        let (access, refresh) = world.tokens();
        let parameters = [&CLIENT[..], &refreshing(&refresh)].concat();
        world.server.fault_next(1, fault.clone());
        assert!(world.try_token(&parameters).await.is_err(), "{fault:?}");
        assert_eq!(world.server.counts().tokens_granted, 1);
        assert!(world.server.is_live(&access));
        // Whoever tries again has lost the grant.
        let answer = world.refresh(&refresh).await;
        assert_refused(&answer, StatusCode::BAD_REQUEST, "invalid_grant");
        assert_eq!(world.server.counts().refresh_token_reuses, 1);
        assert!(!world.server.is_live(&access));
    }
}

#[tokio::test]
async fn what_hangs_is_answered_after_the_recovery() {
    for (fault, granted) in [(TokenFault::Hang, 0), (TokenFault::HangAfter, 1)] {
        let world = World::plain().await;
        let (_, refresh) = world.tokens();
        world.server.fault_always(fault);
        let (answer, ()) = tokio::join!(world.refresh(&refresh), async {
            until(&world.server, |counts| {
                counts.of(GrantType::RefreshToken) == 1
            })
            .await;
            assert_eq!(world.server.counts().tokens_granted, granted);
            world.server.recover();
        });
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(world.server.counts().tokens_granted, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_delay_is_in_the_time_of_tokio() {
    let world = World::plain().await;
    let (_, refresh) = world.tokens();
    let delay = Duration::from_mins(5);
    world.server.fault_next(1, TokenFault::Delay(delay));
    let begun = tokio::time::Instant::now();
    let answer = world.refresh(&refresh).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(begun.elapsed() >= delay);
}

#[tokio::test]
async fn a_client_that_goes_away_before_it_is_served_gets_nothing_granted() {
    let world = World::plain().await;
    let (_, refresh) = world.tokens();
    world.server.fault_next(1, TokenFault::Hang);
    tokio::select! {
        _ = world.refresh(&refresh) => panic!("it was to hang"),
        () = until(&world.server, |counts| counts.of(GrantType::RefreshToken) == 1) => {}
    }
    until(&world.server, |counts| counts.token_requests_in_flight == 0).await;
    world.server.recover();
    assert_eq!(world.server.counts().tokens_granted, 0);
    assert_eq!(world.refresh(&refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn simultaneous_requests_are_counted() {
    let world = World::plain().await;
    let (_, refresh) = world.tokens();
    world.server.fault_next(3, TokenFault::Hang);
    let (first, second, third, ()) = tokio::join!(
        world.refresh(&refresh),
        world.refresh(&refresh),
        world.refresh(&refresh),
        async {
            until(&world.server, |counts| {
                counts.of(GrantType::RefreshToken) == 3
            })
            .await;
            world.server.recover();
        }
    );
    let statuses = [first.status, second.status, third.status];
    let granted = statuses.iter().filter(|status| status.is_success()).count();
    assert_eq!(granted, 1, "{statuses:?}");
    assert_eq!(world.refresh("any").await.status, StatusCode::BAD_REQUEST);
    let counts = world.server.counts();
    assert_eq!(counts.most_concurrent_token_requests, 3);
    assert_eq!(counts.refresh_token_reuses, 1);
}

#[tokio::test]
async fn several_servers_fail_each_by_itself() {
    let (one, other) = tokio::join!(World::plain(), World::plain());
    let fault = FaultAnswer::error(StatusCode::INTERNAL_SERVER_ERROR, "server_error");
    one.server.fault_always(TokenFault::Answer(fault));
    let credentials = [("grant_type", "client_credentials")];
    for _ in 0..2 {
        let answer = one.token(&credentials).await;
        assert_refused(&answer, StatusCode::INTERNAL_SERVER_ERROR, "server_error");
    }
    let tokens = other.token(&credentials).await;
    assert!(other.server.is_live(&text(&tokens, "access_token")));
    one.server.recover();
    assert_eq!(one.token(&credentials).await.status, StatusCode::OK);
}
