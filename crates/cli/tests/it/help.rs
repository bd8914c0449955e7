//! What `--help` says.

use crate::support::Place;

const COMMANDS: &[&str] = &[
    "",
    "serve",
    "demo",
    "validate",
    "push",
    "pull",
    "diff",
    "formula eval",
    "token mint",
    "token verify",
    "workspace create",
    "workspace list",
    "connect",
    "connections list",
    "connections show",
    "connections test",
    "connections refresh",
    "connections archive",
    "connector new",
    "connector test",
    "operations list",
    "operations show",
    "operations run",
    "run",
    "request",
    "completions",
    "openapi",
];

#[test]
fn every_command_explains_itself() {
    let place = Place::new();
    for command in COMMANDS {
        let mut arguments: Vec<&str> = command.split_whitespace().collect();
        arguments.push("--help");
        let help = place.run_bare(&arguments).succeeded();
        assert_eq!(help.stderr, "");
        let name = format!("help {command}").trim().replace(' ', "-");
        insta::assert_snapshot!(name, help.stdout);
    }
}

#[test]
fn help_does_not_show_secrets_of_the_environment() {
    let help = Place::new().run(&["token", "mint", "--help"]).succeeded();
    assert!(help.stdout.contains("[env: AUTHBRIDGE_WORKSPACE_SECRET]"));
    assert!(!help.stdout.contains(crate::support::SECRET));
}

#[test]
fn without_arguments_the_help_is_shown_and_the_exit_code_is_2() {
    let ran = Place::new().run_bare(&[]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("authbridge demo"));
    assert_eq!(ran.stdout, "");
}

#[test]
fn the_generated_reference_does_not_depend_on_the_environment() {
    let place = Place::new();
    place.run_bare(&["generate", "a"]).succeeded();
    let mut command = place.command(&["generate", "b"]);
    command
        .env("COLUMNS", "40")
        .env("AUTHBRIDGE_LISTEN", "1.2.3.4:5");
    assert!(command.status().unwrap().success());
    let read = |name| std::fs::read_to_string(place.path(name)).unwrap();
    assert_eq!(
        read("a/docs/reference/cli.md"),
        read("b/docs/reference/cli.md")
    );
}

#[test]
fn a_completion_script_is_printed() {
    let place = Place::new();
    let script = place.run_bare(&["completions", "bash"]).succeeded();
    assert!(script.stdout.contains("_authbridge()"));
    let value = place.run_bare(&["completions", "bash", "--json"]).json();
    assert_eq!(value["script"], script.stdout);
}
