//! `run`: an action, for a customer.

use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::{Connected, Ran};

/// The example's account, and actions that run with it.
fn scene() -> Connected {
    let connected = Connected::start();
    let write = |name: &str, text: &str| {
        let path = format!("files/actions/{name}.yaml");
        connected.place.write(&path, text);
    };
    write(
        "add",
        "type: api-request-to-external-app\ninputSchema:\n  type: object\n  properties:\n    email: {type: string}\n    age: {type: integer}\n  required: [email]\nconfig:\n  request: {method: POST, path: /echo/things, data: {$var: input}}\noutputMapping: {sent: {$var: output.data.body}}\n",
    );
    write(
        "talk",
        "type: run-javascript\nconfig:\n  code: |\n    export default ({ input }) => {\n      console.log('working')\n      if (!input?.calm) throw new Error('too loud')\n      return { said: 'hello' }\n    }\n",
    );
    connected.run(&["push", "files"]).succeeded();
    connected
}

fn run(connected: &Connected, arguments: &[&str]) -> Ran {
    let customer = ["--customer", "user-42", "--connection", "contacts"];
    connected.run(&[&["run"], arguments, &customer].concat())
}

#[test]
fn the_output_of_an_action_is_printed() {
    let scene = scene();
    let ran = run(&scene, &["add", "-i", "{\"email\": \"ada@example.com\"}"]).succeeded();
    assert_eq!(
        ran.json(),
        json!({"sent": "{\"email\":\"ada@example.com\"}"})
    );
    let all = run(
        &scene,
        &[
            "add",
            "-i",
            "{\"email\": \"a@b.c\", \"age\": \"7\"}",
            "--json",
        ],
    );
    assert_eq!(
        all.json()["output"]["sent"],
        "{\"email\":\"a@b.c\",\"age\":7}"
    );
    assert!(
        all.json()["actionRunId"]
            .as_str()
            .unwrap()
            .starts_with("run_")
    );
}

#[test]
fn the_input_comes_from_a_file_or_standard_input() {
    let scene = scene();
    scene
        .place
        .write("input.json", "{\"email\": \"file@example.com\"}");
    let ran = run(&scene, &["add", "--input", "@input.json"]).succeeded();
    assert!(ran.stdout.contains("file@example.com"), "{}", ran.stdout);
    let mut command: Command = scene.command(&["run", "add", "--integration", "contacts"]);
    command.args(["--customer", "user-42", "--input", "-"]);
    command.stdin(Stdio::from(
        std::fs::File::open(scene.place.path("input.json")).unwrap(),
    ));
    let piped = command.output().unwrap();
    let piped = String::from_utf8(piped.stdout).unwrap();
    assert!(piped.contains("file@example.com"), "{piped}");
}

#[test]
fn each_field_that_does_not_fit_is_named() {
    let scene = scene();
    let ran = run(&scene, &["add", "-i", "{\"age\": \"old\"}"]);
    ran.failed(1, "  email: is required", "`--input`");
    assert!(ran.stderr.contains("  age: "), "{}", ran.stderr);
    let ran = run(&scene, &["add", "-i", "{email"]);
    ran.failed(2, "the input is not JSON", "`@file`");
}

#[test]
fn what_code_says_is_shown_where_it_is_wanted() {
    let scene = scene();
    let ran = run(&scene, &["talk", "-i", "{\"calm\": true}", "--logs"]).succeeded();
    assert_eq!(ran.json(), json!({"said": "hello"}));
    assert!(ran.stderr.contains("working"), "{}", ran.stderr);
    let silent = run(&scene, &["talk", "-i", "{\"calm\": true}"]).succeeded();
    assert_eq!(silent.stderr, "");
    let failed = run(&scene, &["talk"]);
    assert_eq!(failed.code, Some(1));
    assert!(failed.stderr.contains("too loud"), "{}", failed.stderr);
}

#[test]
fn what_is_not_there_is_told_with_what_is() {
    let scene = scene();
    let ran = run(&scene, &["ad"]);
    ran.failed(1, "Action not found: ad", "there are `add`, `talk`");
    let ran = scene.run(&[
        "run",
        "add",
        "--connection",
        "contcts",
        "--customer",
        "user-42",
    ]);
    ran.failed(
        1,
        "Connection not found: contcts",
        "authbridge connections list",
    );
    let arguments = [
        "run",
        "add",
        "--connection",
        "contacts",
        "--customer",
        "u-9",
    ];
    let ran = scene.run(&[&arguments[..], &["-i", "{\"email\": \"a@b.c\"}"]].concat());
    ran.failed(1, "has no connection", "authbridge connect");
}
