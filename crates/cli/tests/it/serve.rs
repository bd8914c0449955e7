//! `serve`: the first start, the next ones, and everything that stops it from starting.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::support::{Connected, EXAMPLES_UPSTREAM, Place, Server, Upstream};

#[test]
fn the_first_start_on_an_empty_machine_says_what_to_do_next() {
    let place = Place::new();
    let server = Server::start(place.bare_command(&["serve"]));
    assert!(
        server
            .greeting
            .contains("created the workspace `workspace-")
    );
    assert!(
        server
            .greeting
            .contains("export AUTHBRIDGE_WORKSPACE_KEY=workspace-")
    );
    let secret = server
        .greeting
        .split("export AUTHBRIDGE_WORKSPACE_SECRET=")
        .nth(1)
        .unwrap()
        .trim()
        .to_owned();
    assert_eq!(secret.len(), 64);
    server.wait_for("authbridge token mint --customer");
    server.wait_for("docs/guides/first-connector.md");
    let ended = server.stop();
    assert_eq!(ended.code, Some(0));

    let again = Server::start(place.bare_command(&["serve"]));
    assert_eq!(again.greeting, "");
    let ended = again.stop();
    assert!(!ended.stderr.contains(&secret));
    assert!(!ended.stderr.contains("token mint"));
}

#[test]
fn with_json_every_line_of_standard_output_is_json() {
    let place = Place::new();
    let server = Server::start(place.bare_command(&["serve", "--json"]));
    let created: Value = serde_json::from_str(&server.greeting).unwrap();
    assert!(created["workspaceSecret"].is_string());
    let ended = server.stop();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
}

#[test]
fn a_log_in_json_is_json_also_about_broken_definitions() {
    let place = Place::new();
    place.write("w/connectors/a/spec.yml", "key: [\n");
    let server = Server::start(place.command(&["serve", "w", "--log-format", "json"]));
    let ended = server.stop();
    let lines: Vec<Value> = ended
        .stderr
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    assert!(
        lines.iter().any(|line| line["fields"]["code"] == "AB0111"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_second_process_on_the_same_data_is_refused() {
    let place = Place::new();
    let server = Server::start(place.command(&["serve"]));
    let second = place.run(&["serve", "--listen", "127.0.0.1:0"]);
    second.failed(1, "is in use by process", "hint: stop the other process");
    server.stop();
}

#[test]
fn an_address_that_is_taken_is_refused_before_anything_is_made() {
    let place = Place::new();
    let server = Server::start(place.command(&["serve"]));
    let address = server.url.strip_prefix("http://").unwrap();
    let second = place.run_bare(&["serve", "--listen", address, "--data-dir", "other"]);
    second.failed(1, &format!("cannot listen on {address}"), "--listen");
    assert!(!second.stderr.contains("caused by"), "{}", second.stderr);
    assert!(!place.path("other").exists());
    server.stop();
}

#[test]
fn a_directory_that_is_not_there_makes_no_workspace() {
    let place = Place::new();
    place
        .run_bare(&["serve", "nowhere", "--listen", "127.0.0.1:0"])
        .failed(2, "cannot read `nowhere`", "hint: give a directory");
    assert!(!place.path("authbridge-data").exists());
}

#[test]
fn a_keyring_that_is_wrong_is_refused_and_left_alone() {
    let place = Place::new();
    Server::start(place.command(&["serve"])).stop();
    let keyring = place.path("authbridge-data/keyring");
    let serve = || place.run(&["serve", "--listen", "127.0.0.1:0"]);

    fs::set_permissions(&keyring, fs::Permissions::from_mode(0o644)).unwrap();
    serve().failed(1, "is open to every user", "chmod 600");
    fs::set_permissions(&keyring, fs::Permissions::from_mode(0o600)).unwrap();

    let kept = place.path("kept");
    fs::rename(&keyring, &kept).unwrap();
    serve().failed(1, "is missing", "hint: put it back");
    assert!(!keyring.exists());

    fs::write(&keyring, "nonsense\n").unwrap();
    fs::set_permissions(&keyring, fs::Permissions::from_mode(0o600)).unwrap();
    serve().failed(1, "line 1 of the keyring", "hint: a line is");

    let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("AUTHBRIDGE_KEYRING_COMMAND", "exit 3");
    let ran = command.output().unwrap();
    assert_eq!(ran.status.code(), Some(1));
    let stderr = String::from_utf8(ran.stderr).unwrap();
    assert!(stderr.contains("ended with exit code 3"), "{stderr}");

    fs::rename(&kept, &keyring).unwrap();
    Server::start(place.command(&["serve"])).stop();
}

#[test]
fn a_data_directory_that_cannot_be_made_is_refused() {
    let place = Place::new();
    place.write("file", "");
    place
        .run(&["serve", "--listen", "127.0.0.1:0", "--data-dir", "file"])
        .failed(1, "cannot create the data directory `file`", "--data-dir");
}

#[test]
fn a_secret_that_anybody_could_guess_is_refused() {
    let place = Place::new();
    for secret in ["", "short"] {
        let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
        let ran = command
            .env("AUTHBRIDGE_WORKSPACE_SECRET", secret)
            .output()
            .unwrap();
        assert_eq!(ran.status.code(), Some(2));
        let stderr = String::from_utf8(ran.stderr).unwrap();
        assert!(stderr.contains("openssl rand -hex 32"), "{stderr}");
    }
    assert!(!place.path("authbridge-data").exists());
}

#[test]
fn several_workspaces_need_to_be_told_apart_only_for_a_directory() {
    let place = Place::new();
    place.run_bare(&["workspace", "create", "one"]).succeeded();
    place.run_bare(&["workspace", "create", "two"]).succeeded();
    let server = Server::start(place.bare_command(&["serve"]));
    assert_eq!(server.stop().code, Some(0));
    place.example("api-key", EXAMPLES_UPSTREAM);
    place
        .run_bare(&["serve", "api-key", "--listen", "127.0.0.1:0"])
        .failed(2, "several workspaces", "authbridge workspace list");
}

#[test]
fn a_changed_definition_is_loaded_again() {
    let upstream = Upstream::start();
    let place = Place::new();
    place.example("api-key", upstream.base_uri());
    // The database is inside the watched directory, and writing to it must not count as a change.
    let arguments = [
        "serve",
        "api-key",
        "--dev",
        "--watch",
        "--data-dir",
        "api-key/data",
    ];
    let server = Server::start(place.command(&arguments));
    let file = "api-key/connectors/contacts/auth/make-api-client.map.yml";
    place.write(file, "baseUri: [\n");
    server.wait_for("error[AB0111]");
    server.wait_for("loaded again");
    let base = upstream.base_uri();
    place.write(
        file,
        &format!("baseUri: {base}\nheaders:\n  X-Added: now\n"),
    );
    server.wait_for("0 errors");
    server.wait_for("loaded again");
    server.stop();
}

#[test]
fn a_second_signal_does_not_wait_for_requests() {
    let connected = Connected::start();
    connected.upstream.forget_seen();
    connected.upstream.hang();
    let mut command =
        connected.command(&["request", "contacts", "GET", "/me", "--customer", "user-42"]);
    let mut request = command.stderr(std::process::Stdio::null()).spawn().unwrap();
    while connected.upstream.seen().is_empty() {
        std::thread::yield_now();
    }
    let Connected { server, .. } = connected;
    server.signal("TERM");
    server.wait_for("stopping");
    server.signal("INT");
    server.wait_for("stopping at once");
    assert_eq!(server.ended().code, Some(0));
    assert_ne!(request.wait().unwrap().code(), Some(0));
}
