//! `demo`.

use crate::support::Place;

#[test]
fn every_connector_of_the_demo_works() {
    let ran = Place::new().run_bare(&["demo", "--once"]).succeeded();
    for connector in [
        "api-key",
        "basic",
        "session-login",
        "typescript",
        "greet",
        "oauth1",
        "oauth2",
        "calendar",
        "files",
        "app-token",
        "membrane-token",
    ] {
        assert!(ran.stdout.contains(connector), "{}", ran.stdout);
    }
    assert!(!ran.stdout.contains("FAILED"));
    assert!(ran.stdout.contains("Try next"));
    assert!(
        ran.stderr
            .contains("simulated provider at http://127.0.0.1:")
    );
}

#[test]
fn with_json_the_demo_is_one_document() {
    let ran = Place::new()
        .run_bare(&["demo", "--once", "--json"])
        .succeeded();
    assert_eq!(ran.stderr, "");
    let value = ran.json();
    assert_eq!(value["ok"], true);
    let connectors = value["connectors"].as_array().unwrap();
    assert_eq!(connectors.len(), 10);
    assert!(connectors.iter().all(|connector| connector["ok"] == true));
}
