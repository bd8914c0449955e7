//! `--json`: mistakes are JSON as well.

use crate::support::Place;

#[test]
fn a_mistake_on_the_command_line_is_one_json_document() {
    let place = Place::new();
    let mistakes: [&[&str]; 5] = [
        &["--json"],
        &["--json", "frobnicate"],
        &["token", "--json"],
        &["serve", "--listen", "nowhere", "--json"],
        &["request", "--json", "a", "b"],
    ];
    for mistake in mistakes {
        let ran = place.run_bare(mistake);
        assert_eq!(ran.code, Some(2), "{mistake:?}");
        assert_eq!(ran.stderr, "", "{mistake:?}");
        let error = ran.json();
        assert_eq!(error["type"], "command_line", "{mistake:?}");
        assert!(error["hint"].is_string(), "{mistake:?}");
    }
}

#[test]
fn the_description_of_the_api_is_json() {
    let value = Place::new().run_bare(&["openapi"]).succeeded().json();
    assert_eq!(value["openapi"], "3.1.0");
}
