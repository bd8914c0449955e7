//! `token mint` and `token verify`.

use serde_json::json;

use crate::support::{KEY, Place, SECRET};

fn mint(place: &Place, arguments: &[&str]) -> String {
    let all = [&["token", "mint"], arguments].concat();
    let ran = place.run(&all).succeeded();
    assert_eq!(ran.stderr, "");
    ran.stdout.trim().to_owned()
}

#[test]
fn a_token_says_what_it_was_minted_with() {
    let place = Place::new();
    let arguments = [
        "--customer",
        "user-42",
        "--name",
        "Ada",
        "--field",
        "plan=pro",
        "--field",
        "seats=3",
    ];
    let token = mint(&place, &arguments);
    let text = place.run(&["token", "verify", &token]).succeeded();
    assert!(
        text.stdout
            .starts_with("valid: customer user-42 (Ada)\nuntil: ")
    );
    let mut value = place
        .run(&["token", "verify", &token, "--json"])
        .succeeded()
        .json();
    assert!(value["expiresAt"].take().is_string());
    assert_eq!(
        value,
        json!({ "customer": "user-42", "name": "Ada", "fields": { "plan": "pro", "seats": 3 },
            "expiresAt": null })
    );
}

#[test]
fn an_admin_is_told_from_a_customer() {
    let place = Place::new();
    let token = mint(&place, &["--admin"]);
    let ran = place.run(&["token", "verify", &token]).succeeded();
    assert!(ran.stdout.starts_with("valid: admin"));
}

#[test]
fn a_token_may_come_from_standard_input() {
    let place = Place::new();
    let token = mint(&place, &["--customer", "user-42"]);
    let ran = place.run_with_input(&["token", "verify"], format!("{token}\n").as_bytes());
    assert!(ran.succeeded().stdout.contains("user-42"));
    place.run_with_input(&["token", "verify"], b"").failed(
        2,
        "there is no token to verify",
        "hint: give it",
    );
}

#[test]
fn tokens_that_prove_nothing_are_refused() {
    let place = Place::new();
    let token = mint(&place, &["--customer", "user-42"]);
    let refused = |token: &str| {
        let ran = place.run(&["token", "verify", token]);
        assert_eq!(ran.code, Some(1), "{}", ran.stdout);
        ran.stderr
    };
    assert!(refused("nonsense").contains("not a JSON Web Token"));
    let (signed, _signature) = token.rsplit_once('.').unwrap();
    assert!(refused(&format!("{signed}.AAAA")).contains("signature"));
    // {"alg":"none"}
    let (_head, rest) = signed.split_once('.').unwrap();
    refused(&format!("eyJhbGciOiJub25lIn0.{rest}."));
    let foreign = place
        .bare_command(&["token", "mint", "--customer", "u"])
        .env("AUTHBRIDGE_WORKSPACE_KEY", "other")
        .env("AUTHBRIDGE_WORKSPACE_SECRET", SECRET)
        .output()
        .unwrap();
    let foreign = String::from_utf8(foreign.stdout).unwrap();
    assert!(refused(foreign.trim()).contains("`other`, not of `acme`"));
}

#[test]
fn an_expired_token_says_when_it_expired() {
    // Signed with the tests' secret; it ended in 2020.
    let expired = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJhY21lIiwiaWQiOiJ1IiwiZXhwIjoxNTc3ODM2ODAwfQ.FsGuWiqD2TLW3azwSaG28UJYEjCui5SwbItvlkGa-Po";
    let ran = Place::new().run(&["token", "verify", expired, "--json"]);
    assert_eq!(ran.code, Some(1));
    let message = ran.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("expired"), "{message}");
}

#[test]
fn a_secret_as_an_argument_is_warned_about() {
    let arguments = [
        "token",
        "mint",
        "--admin",
        "--workspace-key",
        KEY,
        "--workspace-secret",
        SECRET,
    ];
    let ran = Place::new().run_bare(&arguments).succeeded();
    assert!(
        ran.stderr
            .starts_with("warning: everybody on this machine can see")
    );
    assert!(!ran.stderr.contains(SECRET));
}

#[test]
fn mistakes_say_what_to_do() {
    let place = Place::new();
    place.run_bare(&["token", "mint", "--admin"]).failed(
        2,
        "needs the workspace's key and secret",
        "hint: set AUTHBRIDGE_WORKSPACE_KEY",
    );
    place
        .run(&["token", "mint", "--customer", "u", "--field", "plan"])
        .failed(2, "`plan` is not a field", "hint: write --field plan=pro");
    place.run(&["token", "mint", "--customer", ""]).failed(
        2,
        "the customer's id is empty",
        "hint: give your own id",
    );
}
