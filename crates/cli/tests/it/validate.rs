//! `validate` on good and on broken directories.

use crate::support::{EXAMPLES_UPSTREAM, Place, repository};

/// One of everything that goes wrong.
fn broken(place: &Place) {
    place.write(
        "broken/connectors/crm/spec.yml",
        "key: crm\nname: CRM\nbaseUrl: https://api.example.com\nauth:\n  type: client-credentials\n  \
         inputSchem:\n    type: object\n  makeApiClient:\n    implementationType: mapping\n",
    );
    place.write(
        "broken/connectors/crm/auth/make-api-client.map.yml",
        "baseUri: https://api.example.com\nheaders:\n  Authorization: {$va: credentials.key}\n",
    );
    place.write(
        "broken/connectors/shop/spec.yml",
        "key: shop\nname: [unclosed\n",
    );
    place.write(
        "broken/integrations/erp/erp.yaml",
        "key: erp\nconnectorKey: nowhere\n",
    );
    place.write("broken/notes/todo.yaml", "- write more\n");
}

#[test]
fn every_example_is_valid_without_warnings() {
    let place = Place::new();
    for entry in std::fs::read_dir(repository().join("examples")).unwrap() {
        let entry = entry.unwrap();
        // An app is no workspace.
        if !entry.path().is_dir() || entry.path().join("package.json").exists() {
            continue;
        }
        let name = entry.file_name().into_string().unwrap();
        place.example(&name, EXAMPLES_UPSTREAM);
        let ran = place.run_bare(&["validate", "--strict", &name]).succeeded();
        insta::assert_snapshot!(format!("validate-{name}"), ran.transcript());
    }
}

#[test]
fn a_broken_directory_is_explained_for_people() {
    let place = Place::new();
    broken(&place);
    let ran = place.run_bare(&["validate", "broken"]);
    assert_eq!(ran.code, Some(1));
    insta::assert_snapshot!(ran.transcript());
}

#[test]
fn a_broken_directory_is_explained_for_programs() {
    let place = Place::new();
    broken(&place);
    let ran = place.run_bare(&["validate", "broken", "--json"]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.stderr, "");
    let pretty = serde_json::to_string_pretty(&ran.json()).unwrap();
    insta::assert_snapshot!(pretty);
}

#[test]
fn warnings_fail_only_when_asked() {
    let place = Place::new();
    place.example("api-key", EXAMPLES_UPSTREAM);
    let file = "api-key/integrations/contacts/contacts.yaml";
    let text = std::fs::read_to_string(place.path(file)).unwrap();
    place.write(file, &format!("{text}colour: blue\n"));
    assert_eq!(place.run_bare(&["validate", "api-key"]).code, Some(0));
    let strict = place.run_bare(&["validate", "api-key", "--strict"]);
    assert_eq!(strict.code, Some(1), "{}", strict.stdout);
}

#[test]
fn an_empty_directory_says_what_belongs_into_it() {
    let ran = Place::new().run_bare(&["validate"]).succeeded();
    assert!(ran.stdout.contains("connectors/<key>/spec.yml"));
}

#[test]
fn a_directory_that_is_not_there_is_used_wrongly() {
    let place = Place::new();
    place.run_bare(&["validate", "nowhere"]).failed(
        2,
        "cannot read `nowhere`",
        "hint: give a directory",
    );
    let ran = place.run_bare(&["validate", "nowhere", "--json"]);
    assert_eq!(ran.code, Some(2));
    assert_eq!(ran.json()["message"], "cannot read `nowhere`");
}

#[test]
fn a_code_is_explained() {
    let place = Place::new();
    let ran = place
        .run_bare(&["validate", "--explain", "ab0103"])
        .succeeded();
    assert!(ran.stdout.starts_with("AB0103: "));
    place.run_bare(&["validate", "--explain", "AB9999"]).failed(
        2,
        "there is no diagnostic `AB9999`",
        "hint: codes look like",
    );
}

#[test]
fn a_workflow_gets_annotations() {
    let place = Place::new();
    broken(&place);
    let ran = place.run_bare(&["validate", "broken", "--format", "github"]);
    assert_eq!(ran.code, Some(1));
    insta::assert_snapshot!(ran.stdout);
}

#[test]
fn sarif_names_rules_and_places() {
    let place = Place::new();
    broken(&place);
    let ran = place.run_bare(&["validate", "broken", "--format", "sarif"]);
    assert_eq!(ran.code, Some(1));
    let sarif = ran.json();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let result = &run["results"][0];
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(
        place["artifactLocation"]["uri"],
        "broken/connectors/crm/auth/make-api-client.map.yml"
    );
    assert_eq!(place["region"]["startLine"], 3);
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in run["results"].as_array().unwrap() {
        assert!(
            rules.iter().any(|rule| rule["id"] == result["ruleId"]),
            "{result}"
        );
    }
}
