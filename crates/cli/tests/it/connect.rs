//! `connect`, as far as it needs no browser.

use crate::support::Connected;

#[test]
fn an_account_is_connected_and_shown() {
    let connected = Connected::start();
    let made = connected
        .run(&[
            "connect",
            "contacts",
            "--customer",
            "user-43",
            "-i",
            "apiKey=simulated-api-key",
        ])
        .succeeded();
    for line in [
        "customer     user-43",
        "integration  contacts",
        "state        READY",
    ] {
        assert!(made.stdout.contains(line), "{}", made.stdout);
    }
    assert!(!made.stdout.contains("simulated-api-key"));
}

#[test]
fn what_is_missing_is_named_before_anything_is_tried() {
    let connected = Connected::start();
    connected
        .run(&["connect", "contacts", "--customer", "user-43"])
        .failed(2, "`apiKey` is missing", "--input-file");
}

#[test]
fn an_account_is_somebodys() {
    let connected = Connected::start();
    connected
        .run(&["connect", "contacts", "-i", "apiKey=k"])
        .failed(2, "whose account is it?", "--customer");
    connected.run(&["connect"]).failed(2, "INTEGRATION", "");
}
