//! `push`, `pull` and `diff` against a server.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{KEY, Place, Ran, SECRET, Server};

/// A server with an empty workspace.
struct Fixture {
    place: Place,
    server: Server,
}

impl Fixture {
    fn start() -> Self {
        let place = Place::new();
        let server = Server::start(place.command(&["serve", "--dev"]));
        Self { place, server }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.place.command(arguments);
        command.env("AUTHBRIDGE_URL", &self.server.url);
        let output = command.output().unwrap();
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.place.path(name)).unwrap()
    }
}

const FIND: &str = "\
# Finds a contact by its address.
name: Find # for people
type: api-request-to-external-app

# What is sent.
config:
  request:
    method: GET
    path: /contacts
    query:
      email: {$var: input.email}
outputMapping: {$var: 'output.data.items[0]'}
";

/// The shape of a real workspace: `apps` integrations, each with elements of its own.
fn workspace(place: &Place, root: &str, apps: usize) {
    let write = |name: &str, text: &str| place.write(&format!("{root}/{name}"), text);
    write(
        "connectors/crm/spec.yml",
        "key: crm\nname: CRM\nauth: {type: membrane-token}\nbaseUri: https://crm.example.com\noperations:\n  find-contact: {run: {implementationType: rest-api-mapping, path: /contacts}}\n",
    );
    write("connectors/shop/shop.yml", "key: shop\nname: Shop\n");
    for version in ["development", "1.0.0"] {
        let source = format!("connectors/shop/{version}/src");
        write(
            &format!("{source}/spec.yml"),
            "auth: {type: client-credentials}\nbaseUri: https://shop.example.com\n",
        );
        write(
            &format!("{source}/auth/make-api-client.map.yml"),
            "headers:\n  X-Key: {$var: credentials.key}\n",
        );
        write(&format!("{source}/auth/test.rest.yml"), "path: /me\n");
    }
    write("actions/find/find.yaml", FIND);
    write(
        "actions/create/spec.yaml",
        "type: api-request-to-external-app\nconfig: {request: {method: POST, path: /contacts}}\n",
    );
    write(
        "contacts-api.yaml",
        "type: http-endpoint\nbaseUri: https://api.example.com\nauth: {type: integration-app-token}\nactions: [create]\n",
    );
    write(
        "flows/nightly.yaml",
        "name: Nightly\nnodes: {start: {type: schedule-trigger}}\n",
    );
    write(
        "appEventTypes/signed-up/spec.yaml",
        "schema: {type: object}\nexample: {a: null}\n",
    );
    write("auth-proxies/shared/shared.yaml", "connectorKey: crm\n");
    write(
        "actions/from-json.json",
        "{\"type\": \"run-javascript\", \"config\": {\"code\": \"export default () => 1\"}}",
    );
    for kind in ["screens", "data-link-tables", "app-data-schemas"] {
        write(&format!("{kind}/one/one.yaml"), "name: One\n");
    }
    for number in 0..apps {
        let home = format!("integrations/app-{number:03}");
        let connector = if number % 2 == 0 {
            "crm"
        } else {
            "shop\nconnectorVersion: 1.0.0"
        };
        write(
            &format!("{home}/app-{number:03}.yaml"),
            &format!("key: app-{number:03}\nname: App {number}\nconnectorKey: {connector}\n"),
        );
        write(
            &format!("{home}/actions/find/find.yaml"),
            &FIND.replace("name: Find", "name: Find here"),
        );
        write(
            &format!("{home}/actions/create/create.yaml"),
            &format!(
                "name: \"Create: {number}\"\ntype: api-request-to-external-app\nconfig: {{request: {{method: POST, path: /{number}}}}}\n"
            ),
        );
        write(
            &format!("{home}/flows/receive/receive.yaml"),
            "nodes:\n  start:\n    type: data-record-created-trigger\n    links:\n      - key: send\n  send: {type: api-request-to-your-app}\n",
        );
        write(
            &format!("{home}/data-sources/contacts/contacts.yaml"),
            "collectionKey: contacts\n",
        );
        write(
            &format!("{home}/field-mappings/contacts/contacts.yaml"),
            "dataSourceKey: contacts\nimportValue:\n  text: |\n    two\n    lines\n",
        );
    }
}

/// Every file below `directory`, with its text.
fn files(directory: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().is_some_and(|name| name == ".authbridge") {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                found.push((
                    path.strip_prefix(directory).unwrap().display().to_string(),
                    text,
                ));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_workspace_goes_to_the_server_and_back_without_a_difference() {
    let fixture = Fixture::start();
    workspace(&fixture.place, "ws/membrane", 200);
    let before = files(&fixture.place.path("ws"));

    let dry = fixture.run(&["push", "ws", "--dry-run"]).succeeded();
    assert!(dry.stdout.contains("nothing was pushed"), "{}", dry.stdout);
    let first = fixture.run(&["push", "ws"]).succeeded();
    assert!(
        first.stdout.ends_with("pushed: 1213 created\n"),
        "{}",
        first.stdout
    );
    let second = fixture.run(&["push", "ws"]).succeeded();
    assert_eq!(second.stdout, "pushed: 1213 unchanged\n");
    assert_eq!(fixture.run(&["diff", "ws"]).code, Some(0));

    let pulled = fixture.run(&["pull", "ws"]).succeeded();
    assert!(
        pulled
            .stdout
            .contains("0 files created, 0 changed, 0 removed; 1213 elements unchanged")
    );
    assert_eq!(files(&fixture.place.path("ws")), before);

    let empty = fixture.run(&["pull", "empty"]).succeeded();
    assert!(!empty.stdout.contains("skipped"), "{}", empty.stdout);
    let diff = fixture.run(&["diff", "empty"]);
    assert_eq!(diff.code, Some(0), "{}{}", diff.stdout, diff.stderr);
    let again = fixture.run(&["push", "empty"]).succeeded();
    assert_eq!(again.stdout, "pushed: 1213 unchanged\n");
    fixture.run_bare_validate("empty");
    let action = fixture.read("empty/integrations/app-001/actions/create/create.yaml");
    assert_eq!(
        action,
        "# yaml-language-server: $schema=../../../../.authbridge/schemas/action.schema.json\nkey: create\nname: \"Create: 1\"\ntype: api-request-to-external-app\nconfig:\n  request:\n    method: POST\n    path: /1\n"
    );
}

impl Fixture {
    fn run_bare_validate(&self, directory: &str) {
        let ran = self.place.run_bare(&["validate", directory]).succeeded();
        assert!(
            ran.stdout.contains("; 0 errors, 0 warnings"),
            "{}",
            ran.stdout
        );
    }
}

#[test]
fn a_change_on_either_side_is_told_and_carried_over() {
    let fixture = Fixture::start();
    workspace(&fixture.place, "here", 2);
    fixture.run(&["push", "here"]).succeeded();
    fixture.run(&["pull", "there"]).succeeded();

    let changed = FIND.replace("path: /contacts", "path: /people");
    fixture.place.write("here/actions/find/find.yaml", &changed);
    let diff = fixture.run(&["diff", "here"]);
    assert_eq!(diff.code, Some(1));
    assert!(
        diff.stdout
            .contains("/config/request/path: \"/contacts\" → \"/people\""),
        "{}",
        diff.stdout
    );
    fixture
        .run(&["push", "here", "--path", "here/actions"])
        .succeeded();

    // The other directory is behind: it may not push over what it has not seen.
    let own = fixture.read("there/actions/find/find.yaml") + "# mine\n";
    fixture.place.write("there/actions/find/find.yaml", &own);
    fixture.place.write("there/flows/mine.yaml", "nodes: {}\n");
    fixture
        .run(&["push", "there"])
        .failed(1, "", "hint: `authbridge pull` brings");
    fixture.run(&["pull", "there"]).succeeded();
    let merged = fixture.read("there/actions/find/find.yaml");
    assert!(
        merged.contains("path: /people") && merged.ends_with("# mine\n"),
        "{merged}"
    );
    let pushed = fixture.run(&["push", "there"]).succeeded();
    assert!(
        pushed.stdout.contains("created    flow             mine"),
        "{}",
        pushed.stdout
    );

    // Of a connector, the files that differ are written, and those that are gone removed.
    let client = "there/connectors/shop/development/src/auth/make-api-client.map.yml";
    let changed_client = fixture.read(client).replace("X-Key", "X-Api-Key");
    fixture.place.write(client, &changed_client);
    let test = "connectors/shop/development/src/auth/test.rest.yml";
    fs::remove_file(fixture.place.path(&format!("there/{test}"))).unwrap();
    fixture.place.write(
        "there/actions/from-json/from-json.yaml",
        "type: run-javascript\nconfig: {code: 'export default () => 2'}\n",
    );
    fixture.run(&["push", "there"]).succeeded();
    let pulled = fixture.run(&["pull", "here"]).succeeded();
    assert!(
        pulled
            .stdout
            .contains("1 file created, 2 changed, 1 removed"),
        "{}",
        pulled.stdout
    );
    assert!(
        fixture
            .read(&client.replace("there", "here"))
            .contains("X-Api-Key")
    );
    assert!(!fixture.place.path(&format!("here/{test}")).exists());
    assert!(fixture.read("here/actions/from-json.json").contains("=> 2"));
    assert_eq!(fixture.run(&["diff", "here"]).code, Some(0));

    // Comments and spelling of what did not change stay.
    fixture.run(&["pull", "here"]).succeeded();
    assert_eq!(fixture.read("here/actions/find/find.yaml"), changed);

    fs::remove_file(fixture.place.path("there/flows/mine.yaml")).unwrap();
    let pruned = fixture
        .run(&["push", "there", "--prune", "--json"])
        .succeeded()
        .json();
    let removed: Vec<&str> = pruned["changes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|change| change["change"] == "removed")
        .map(|change| change["key"].as_str().unwrap())
        .collect();
    assert_eq!(removed, ["mine"]);
    assert_eq!(fixture.run(&["pull", "here", "--prune"]).code, Some(0));
    assert!(!fixture.place.path("here/flows/mine").exists());
}

#[test]
fn a_directory_with_errors_is_not_pushed() {
    let fixture = Fixture::start();
    workspace(&fixture.place, "ws", 1);
    fixture.place.write("ws/actions/broken.yaml", "key: [\n");
    fixture.run(&["push", "ws"]).failed(
        1,
        "1 error in the files of `ws`; nothing was pushed",
        "AB0111",
    );
    let ran = fixture.run(&["push", "ws", "--path", "flows"]).succeeded();
    assert!(ran.stdout.contains("pushed: 1 created"), "{}", ran.stdout);
}

#[test]
fn what_the_server_refuses_is_told_with_its_file() {
    let fixture = Fixture::start();
    fixture
        .place
        .write("ws/integrations/crm/crm.yaml", "connectorKey: nowhere\n");
    fixture.place.write(
        "ws/actions/find/crm/crm.yaml",
        "key: find\ntype: run-javascript\nconfig: {code: export default () => 1}\n",
    );
    let ran = fixture.run(&["push", "ws"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("(integrations/crm/crm.yaml)"),
        "{}",
        ran.stderr
    );
}

#[test]
fn workspaces_have_names_and_their_secrets_stay_outside() {
    let fixture = Fixture::start();
    workspace(&fixture.place, "membrane", 1);
    let config = format!(
        "workspaces:\n  default: {{url: 'http://127.0.0.1:1', key: x, secret: {SECRET}}}\n  real:\n    url: {}\n    key: {KEY}\n    secretEnv: REAL_SECRET\n    directory: membrane\n",
        fixture.server.url
    );
    fixture.place.write("authbridge.yml", &config);
    let mut command = fixture.place.bare_command(&["push", "-w", "real"]);
    let output = command.env("REAL_SECRET", SECRET).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let unreachable = fixture.place.run_bare(&["push", "membrane"]);
    assert_eq!(unreachable.code, Some(3), "{}", unreachable.stderr);
    fixture.place.run_bare(&["push", "-w", "rael"]).failed(
        2,
        "has no workspace `rael`",
        "`default`, `real`",
    );

    // The original command line's file does as well.
    fs::remove_file(fixture.place.path("authbridge.yml")).unwrap();
    let config = format!(
        "workspaces:\n  default:\n    key: {KEY}\n    secret: {SECRET}\n    apiUri: {}\n",
        fixture.server.url
    );
    fixture.place.write("membrane.config.yml", &config);
    let ran = fixture.place.run_bare(&["diff", "membrane"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn a_saved_file_is_live_at_once() {
    let fixture = Fixture::start();
    workspace(&fixture.place, "ws", 3);
    let mut command = fixture.place.command(&["push", "ws", "--watch", "--json"]);
    command.env("AUTHBRIDGE_URL", &fixture.server.url);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.next().unwrap().unwrap();
    let changed = FIND.replace("path: /contacts", "path: /people");
    let saved = Instant::now();
    fixture.place.write("ws/actions/find/find.yaml", &changed);
    let plan = lines.next().unwrap().unwrap();
    let took = saved.elapsed();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(plan.contains("/config/request/path"), "{plan}");
    // 300 ms is the promise; this machine may be busy with other tests.
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn a_saved_file_that_breaks_another_is_told_at_once() {
    let fixture = Fixture::start();
    workspace(&fixture.place, "ws", 1);
    fixture.place.write(
        "ws/integrations/app-000/actions/op/op.yaml",
        "type: connector-operation\nconfig: {operationKey: find-contact}\n",
    );
    let mut command = fixture.place.command(&["push", "ws", "--watch"]);
    command.env("AUTHBRIDGE_URL", &fixture.server.url);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut wait_for = |text: &str| {
        let found = lines.by_ref().any(|line| line.unwrap().contains(text));
        assert!(found, "it ended without `{text}`");
    };
    wait_for("watching `ws`");
    // Only the connector is saved, and what it lacks now is in the file of the action.
    fixture.place.write(
        "ws/connectors/crm/spec.yml",
        "key: crm\nname: CRM\nauth: {type: membrane-token}\nbaseUri: https://crm.example.com\n",
    );
    wait_for("AB0709");
    wait_for("actions/op/op.yaml");
    child.kill().unwrap();
    child.wait().unwrap();
}
