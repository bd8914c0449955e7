//! `connections list`, `show`, `test` and `archive`.

use crate::support::Connected;

/// Ids and times are different every time.
fn steady(text: &str, connected: &Connected) -> String {
    let words = text.split_inclusive([' ', '\n']).map(|word| {
        let end = word.len() - word.trim_end().len();
        let is_time =
            word.starts_with("20") && word.contains('T') && word.trim_end().ends_with('Z');
        if is_time {
            format!("[time]{}", &word[word.len() - end..])
        } else {
            word.to_owned()
        }
    });
    words.collect::<String>().replace(&connected.id, "[id]")
}

#[test]
fn a_list_names_customers_and_integrations_as_people_do() {
    let connected = Connected::start();
    let listed = connected.run(&["connections", "list"]).succeeded();
    insta::assert_snapshot!(steady(&listed.stdout, &connected));
    let own = connected
        .run(&["connections", "list", "--customer", "user-42"])
        .succeeded();
    assert_eq!(own.stdout, listed.stdout);
    let others = connected
        .run(&["connections", "list", "--customer", "user-43"])
        .succeeded();
    assert_eq!(others.stdout.lines().count(), 1);
}

#[test]
fn many_customers_are_named_too() {
    let connected = Connected::start();
    let customers: Vec<String> = (0..12).map(|number| format!("customer-{number}")).collect();
    for customer in &customers {
        connected.connect(customer);
    }
    let listed = connected.run(&["connections", "list"]).succeeded();
    for customer in &customers {
        assert!(listed.stdout.contains(customer), "{}", listed.stdout);
    }
    assert!(!listed.stdout.contains("cus_"));
}

#[test]
fn one_connection_is_shown() {
    let connected = Connected::start();
    let shown = connected
        .run(&["connections", "show", "contacts"])
        .succeeded();
    insta::assert_snapshot!(steady(&shown.stdout, &connected));
    let value = connected
        .run(&["connections", "show", &connected.id, "--json"])
        .json();
    assert_eq!(value["id"], connected.id.as_str());
}

#[test]
fn a_connection_that_works_is_told_from_one_that_does_not() {
    let connected = Connected::start();
    let works = connected
        .run(&["connections", "test", "contacts"])
        .succeeded();
    assert_eq!(works.stdout, "it works\n");
    connected.upstream.disconnect_next(10);
    let fails = connected.run(&["connections", "test", "contacts"]);
    assert_eq!(fails.code, Some(1));
    assert!(
        fails.stdout.starts_with("it does not work: "),
        "{}",
        fails.stdout
    );
    let fails = connected.run(&["connections", "test", "contacts", "--json"]);
    assert_eq!(fails.code, Some(1));
    assert_eq!(fails.json()["success"], false);
}

#[test]
fn an_archived_connection_is_gone_from_the_list() {
    let connected = Connected::start();
    let archived = connected
        .run(&["connections", "archive", "contacts"])
        .succeeded();
    assert_eq!(archived.stdout, format!("archived {}\n", connected.id));
    let listed = connected.run(&["connections", "list", "--json"]).json();
    assert_eq!(listed.as_array().unwrap().len(), 0);
    let all = connected
        .run(&["connections", "list", "--archived"])
        .succeeded();
    assert!(all.stdout.contains("  archived  "), "{}", all.stdout);
}

#[test]
fn what_is_not_there_says_how_to_look() {
    let connected = Connected::start();
    connected.run(&["connections", "show", "nothing"]).failed(
        1,
        "Connection not found: nothing",
        "hint: `authbridge connections list`",
    );
}

#[test]
fn a_caller_who_is_not_believed_says_what_to_check() {
    let connected = Connected::start();
    let mut command = connected.command(&["connections", "list", "--json"]);
    command.env(
        "AUTHBRIDGE_WORKSPACE_SECRET",
        "another-secret-of-more-than-32-bytes",
    );
    let ran = command.output().unwrap();
    assert_eq!(ran.status.code(), Some(1));
    let error: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(error["key"], "not_authenticated");
    assert!(
        error["hint"]
            .as_str()
            .unwrap()
            .contains("AUTHBRIDGE_WORKSPACE_SECRET")
    );
}

#[test]
fn two_answers_to_who_calls_are_one_too_many() {
    let connected = Connected::start();
    let mut command = connected.command(&["connections", "list", "--customer", "u"]);
    let ran = command.env("AUTHBRIDGE_TOKEN", "t").output().unwrap();
    assert_eq!(ran.status.code(), Some(2));
}
