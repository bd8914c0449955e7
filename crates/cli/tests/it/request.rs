//! `request`: like curl, through a connection.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::{Connected, Place};

fn request(connected: &Connected, arguments: &[&str]) -> Command {
    let mut command = connected.command(&["request", "contacts", "--customer", "user-42"]);
    command.args(arguments);
    command
}

fn json_of(mut command: Command) -> Value {
    let ran = command.output().unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    serde_json::from_slice(&ran.stdout).unwrap()
}

#[test]
fn a_get_carries_the_credentials() {
    let connected = Connected::start();
    let answer = json_of(request(&connected, &["get", "/me"]));
    assert_eq!(answer["authenticatedBy"], "api-key-header");
}

#[test]
fn a_body_comes_from_the_argument_a_file_or_standard_input() {
    let connected = Connected::start();
    let echo = |data: &str| json_of(request(&connected, &["POST", "/echo/x", "-d", data]));
    let header = |echo: &Value| -> String {
        let headers = echo["headers"].as_array().unwrap();
        let found = headers.iter().find(|it| it[0] == "content-type").unwrap();
        found[1].as_str().unwrap().to_owned()
    };
    let from_argument = echo("{\"a\": 1}");
    assert_eq!(from_argument["body"], "{\"a\": 1}");
    assert_eq!(header(&from_argument), "application/json");

    connected.place.write("body.txt", "from a file");
    let from_file = echo("@body.txt");
    assert_eq!(from_file["body"], "from a file");
    assert_eq!(header(&from_file), "application/octet-stream");

    let arguments = [
        "request",
        "contacts",
        "POST",
        "/echo/x",
        "-d",
        "@-",
        "--customer",
        "user-42",
        "--url",
        &connected.server.url,
        "-H",
        "Content-Type: text/x-mine",
    ];
    let piped = connected
        .place
        .run_with_input(&arguments, b"from a pipe")
        .succeeded();
    assert_eq!(piped.json()["body"], "from a pipe");
    assert_eq!(header(&piped.json()), "text/x-mine");
}

#[test]
fn paths_may_be_typed_as_people_type_them() {
    let connected = Connected::start();
    let answer = json_of(request(&connected, &["GET", "/echo/Grüße an?q=a b"]));
    assert_eq!(answer["path"], "/echo/Gr%C3%BC%C3%9Fe%20an");
    assert_eq!(answer["query"], "q=a%20b");
}

#[test]
fn status_and_header_go_to_standard_error_on_request() {
    let connected = Connected::start();
    let ran = request(&connected, &["GET", "/status/404", "-i"])
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(0));
    let stderr = String::from_utf8(ran.stderr).unwrap();
    assert!(
        stderr.starts_with("HTTP/1.1 404 Not Found\ncontent-type: "),
        "{stderr}"
    );
    assert_eq!(ran.stdout, b"{\"status\":404}");
}

#[test]
fn a_status_of_400_or_more_fails_on_request() {
    let connected = Connected::start();
    let code = |arguments: &[&str]| {
        request(&connected, arguments)
            .output()
            .unwrap()
            .status
            .code()
    };
    assert_eq!(code(&["GET", "/status/404", "--fail"]), Some(1));
    assert_eq!(code(&["GET", "/status/500", "-f"]), Some(1));
    assert_eq!(code(&["GET", "/status/204", "-f"]), Some(0));
}

#[test]
fn with_json_the_answer_is_one_object() {
    let connected = Connected::start();
    let answer = json_of(request(&connected, &["GET", "/status/404", "--json"]));
    assert_eq!(answer["status"], 404);
    assert_eq!(answer["body"], json!({ "status": 404 }));
    let bytes = json_of(request(&connected, &["GET", "/bytes/300", "--json"]));
    assert!(bytes["bodyBase64"].is_string());
}

#[test]
fn events_show_as_they_come() {
    let connected = Connected::start();
    // The second event comes in an hour.
    let mut command = request(&connected, &["GET", "/sse?n=2&ms=3600000"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(!line.trim().is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_reader_who_has_enough_ends_it_quietly() {
    let connected = Connected::start();
    let mut command = request(&connected, &["GET", "/bytes/50000000"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ran = child.wait_with_output().unwrap();
    assert_eq!(ran.status.code(), Some(0));
    assert_eq!(ran.stderr, b"");
}

#[test]
fn a_host_that_the_connector_does_not_declare_is_refused() {
    let connected = Connected::start();
    let ran = connected.run(&["request", "contacts", "GET", "https://evil.example.com/"]);
    ran.failed(1, "`evil.example.com`", "allowedHosts");
}

#[test]
fn an_answer_that_breaks_off_is_an_error() {
    let connected = Connected::start();
    let mut command = request(&connected, &["GET", "/sse?n=2&ms=3600000"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    connected.server.signal("KILL");
    let ran = child.wait_with_output().unwrap();
    assert_eq!(ran.status.code(), Some(1));
    let stderr = String::from_utf8(ran.stderr).unwrap();
    assert!(stderr.contains("the answer broke off"), "{stderr}");
}

#[test]
fn mistakes_say_what_to_do() {
    let place = Place::new();
    let get = ["request", "contacts", "GET", "/me"];
    place
        .run_bare(&get)
        .failed(2, "who calls?", "hint: set AUTHBRIDGE_WORKSPACE_KEY");
    let with = |more: &[&str]| place.run(&[&get, more].concat());
    with(&["-H", "Name"]).failed(2, "starts with `Name`", "hint: write -H 'Name: value'");
    with(&["-d", "@nowhere"]).failed(2, "cannot read `@nowhere`", "hint: give `@`");
    with(&["--url", "127.0.0.1"]).failed(2, "is not the URL of a server", "hint: try http://");
    let ran = place.run(&["request", "contacts", "B AD", "/me"]);
    ran.failed(2, "'B AD'", "give a method such as GET");
}

#[test]
fn a_server_that_is_not_there_gives_exit_code_3() {
    let place = Place::new();
    // Port 1 needs privileges to listen on, and no test takes it.
    let arguments = ["connections", "list", "--url", "http://127.0.0.1:1"];
    place.run(&arguments).failed(
        3,
        "cannot reach the server",
        "hint: start it with `authbridge serve`",
    );
    let ran = place.run(&[&arguments[..], &["--json"]].concat());
    assert_eq!(ran.code, Some(3));
    assert!(ran.json()["causes"].is_array());
}

#[test]
fn a_large_file_is_sent_while_it_is_read_and_with_its_length() {
    let connected = Connected::start();
    let length = 8 << 20;
    std::fs::File::create(connected.place.path("large.bin"))
        .unwrap()
        .set_len(length)
        .unwrap();
    let echo = json_of(request(
        &connected,
        &["POST", "/echo/x", "-d", "@large.bin"],
    ));
    assert_eq!(echo["bodyLength"], length);
    let headers = echo["headers"].as_array().unwrap();
    let value = |name: &str| {
        headers
            .iter()
            .find(|it| it[0] == name)
            .map(|it| it[1].clone())
    };
    assert_eq!(value("content-length").unwrap(), length.to_string());
    assert_eq!(value("content-type").unwrap(), "application/octet-stream");
    assert_eq!(value("transfer-encoding"), None);
}
