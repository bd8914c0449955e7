//! `workspace create` and `workspace list`.

use crate::support::{Place, SECRET};

#[test]
fn a_created_workspace_is_listed_and_its_secret_shown_once() {
    let place = Place::new();
    let ran = place
        .run_bare(&[
            "workspace",
            "create",
            "beta",
            "--name",
            "Beta Inc",
            "--json",
        ])
        .succeeded();
    let created = ran.json();
    let secret = created["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 64);
    let listed = place.run_bare(&["workspace", "list"]).succeeded();
    assert!(listed.stdout.starts_with("KEY   NAME"));
    assert!(listed.stdout.contains("beta  Beta Inc  ws_"));
    assert!(!listed.stdout.contains(secret));
    let listed = place
        .run_bare(&["workspace", "list", "--json"])
        .succeeded()
        .json();
    assert_eq!(listed[0]["key"], "beta");
    assert_eq!(listed[0]["id"], created["id"]);
}

#[test]
fn a_given_secret_is_not_printed() {
    let ran = Place::new()
        .run(&["workspace", "create", "beta"])
        .succeeded();
    assert!(ran.stdout.contains("AUTHBRIDGE_WORKSPACE_SECRET"));
    assert!(!ran.stdout.contains(SECRET));
}

#[test]
fn a_key_is_taken_once() {
    let place = Place::new();
    place.run_bare(&["workspace", "create", "beta"]).succeeded();
    place.run_bare(&["workspace", "create", "beta"]).failed(
        1,
        "`beta` already exists",
        "hint: choose another name",
    );
}

#[test]
fn keys_and_secrets_that_no_workspace_should_have_are_refused() {
    let place = Place::new();
    place.run_bare(&["workspace", "create", "a b"]).failed(
        2,
        "cannot be the key of a workspace",
        "hint: use 1 to 128",
    );
    let mut command = place.bare_command(&["workspace", "create", "beta"]);
    let ran = command
        .env("AUTHBRIDGE_WORKSPACE_SECRET", "")
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(2));
    assert!(!place.path("authbridge-data").exists());
}

#[test]
fn a_mistyped_data_directory_is_not_created() {
    let place = Place::new();
    place
        .run_bare(&["workspace", "list", "--data-dir", "typo"])
        .failed(2, "no database in the data directory `typo`", "--data-dir");
    assert!(!place.path("typo").exists());
}
