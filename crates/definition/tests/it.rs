//! Every directory below `definitions/` is loaded, and what is said about it is a snapshot.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use authbridge_core::connector::{AuthOption, Connector};
use authbridge_definition::{
    Bundle, Code, Color, ConnectorDefaults, Directory, load_connector, load_directory, render,
};
use proptest::prelude::*;

fn definitions() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/definitions")
}

/// What was loaded, what was ignored, and the findings.
fn describe(directory: &Directory) -> String {
    let mut text = String::new();
    for file in &directory.connectors {
        let version = file.version.as_deref().unwrap_or("development");
        let state = if file.connector.is_some() {
            ""
        } else {
            " (unusable)"
        };
        writeln!(
            text,
            "connector {} {version} in `{}`{state}",
            file.key, file.path
        )
        .unwrap();
        if let Some(connector) = &file.connector {
            describe_connector(connector, &mut text);
        }
    }
    for integration in &directory.integrations {
        writeln!(text, "{integration:?}").unwrap();
    }
    for element in &directory.elements {
        let kind = element.element_type.word();
        let home = element.integration_key.as_deref().unwrap_or("-");
        writeln!(
            text,
            "{kind} {} of {home} in {}: {}",
            element.key, element.path, element.content
        )
        .unwrap();
    }
    for ignored in &directory.ignored {
        let suggestion = ignored.suggestion.as_deref().unwrap_or("-");
        writeln!(
            text,
            "ignored {}: {}; {suggestion}",
            ignored.path, ignored.reason
        )
        .unwrap();
    }
    text.push('\n');
    text.push_str(&render(
        &directory.diagnostics,
        &directory.sources,
        Color::Never,
    ));
    text
}

fn describe_connector(connector: &Connector, text: &mut String) {
    for option in &connector.options {
        let AuthOption {
            key,
            auth_type,
            title,
            allowed_hosts,
            enabled,
            ..
        } = option;
        let key = key.as_deref().unwrap_or("(only)");
        writeln!(
            text,
            "  option {key}: {} {title:?} {allowed_hosts:?}",
            auth_type.as_str()
        )
        .unwrap();
        if let Some(schema) = &option.input_schema {
            writeln!(text, "    input {schema}").unwrap();
        }
        if let Some(enabled) = enabled {
            writeln!(text, "    enabled {}", enabled.source()).unwrap();
        }
        for function in &option.functions {
            let source = &function.source;
            writeln!(
                text,
                "    {} {} from {}:{}:{}",
                function.name.as_str(),
                function.implementation.kind().as_str(),
                source.file,
                source.line,
                source.column
            )
            .unwrap();
        }
    }
    for operation in &connector.operations {
        let kind = operation
            .run
            .as_ref()
            .map_or("nothing", |run| run.kind().as_str());
        let source = &operation.source;
        writeln!(
            text,
            "  operation {} {kind} from {}:{}:{}",
            operation.key, source.file, source.line, source.column
        )
        .unwrap();
    }
}

#[test]
fn every_case_says_what_its_snapshot_says() {
    let mut cases: Vec<PathBuf> = fs::read_dir(definitions())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    assert!(cases.len() >= 21);
    for case in cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let text = describe(&load_directory(&case).unwrap());
        assert!(
            !text.contains("planted"),
            "a secret is shown in {name}:\n{text}"
        );
        insta::assert_snapshot!(name, text);
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_examples_have_nothing_to_complain_about() {
    let mut count = 0;
    for entry in fs::read_dir(repository().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        // An app is no workspace.
        if !path.is_dir() || path.join("package.json").exists() {
            continue;
        }
        let directory = load_directory(&path).unwrap();
        let rendered = render(&directory.diagnostics, &directory.sources, Color::Never);
        assert_eq!(rendered, "", "{}", path.display());
        assert_eq!(directory.ignored, []);
        assert!(directory.connectors.iter().all(|it| it.connector.is_some()));
        assert!(!directory.integrations.is_empty() || !directory.elements.is_empty());
        count += 1;
    }
    assert!(count >= 12, "{count}");
}

#[test]
fn a_huge_file_is_not_read() {
    let directory = tempfile::tempdir().unwrap();
    let connector = directory.path().join("connectors/acme");
    fs::create_dir_all(&connector).unwrap();
    let huge = fs::File::create(connector.join("spec.yml")).unwrap();
    huge.set_len(100 * 1024 * 1024).unwrap();
    fs::write(connector.join("notes.json"), vec![b' '; 6 * 1024 * 1024]).unwrap();
    let loaded = load_directory(directory.path()).unwrap();
    insta::assert_snapshot!("huge-file", describe(&loaded));
}

#[cfg(unix)]
#[test]
fn links_are_followed_only_to_files_inside() {
    use std::os::unix::fs::symlink;

    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secrets.yml"), "password: planted").unwrap();
    let directory = tempfile::tempdir().unwrap();
    let connectors = directory.path().join("connectors");
    let acme = connectors.join("acme");
    fs::create_dir_all(acme.join("auth")).unwrap();
    fs::write(
        connectors.join("shared.yml"),
        "key: acme\nauth: {type: membrane-token}\nbaseUri: https://a.example.com\n",
    )
    .unwrap();
    symlink("../shared.yml", acme.join("spec.yml")).unwrap();
    symlink(
        outside.path().join("secrets.yml"),
        acme.join("auth/make-api-client.map.yml"),
    )
    .unwrap();
    symlink("nowhere.yml", acme.join("auth/test.rest.yml")).unwrap();
    symlink(&connectors, acme.join("again")).unwrap();
    symlink("loop", acme.join("loop")).unwrap();
    let loaded = load_directory(directory.path()).unwrap();
    insta::assert_snapshot!("links", describe(&loaded));
}

#[test]
fn a_connector_is_found_from_wherever_one_starts() {
    let case = definitions().join("versioned-layout");
    let keys = |path: &Path| {
        let directory = load_directory(path).unwrap();
        let mut keys: Vec<String> = directory
            .connectors
            .iter()
            .map(|file| file.key.clone())
            .collect();
        keys.dedup();
        keys
    };
    assert_eq!(keys(&case), ["other-app", "acme", "packed"]);
    assert_eq!(
        keys(&case.join("membrane")),
        ["other-app", "acme", "packed"]
    );
    assert_eq!(
        keys(&case.join("membrane/connectors")),
        ["other-app", "acme", "packed"]
    );
    assert_eq!(keys(&case.join("membrane/connectors/acme")), ["acme"]);
    assert_eq!(
        keys(&case.join("membrane/connectors/acme/1.2.0")),
        ["1.2.0"]
    );
    let flat = definitions().join("flat-document");
    assert_eq!(keys(&flat.join("connectors/flat.yaml")), ["flat"]);
    assert_eq!(keys(&flat.join("connectors/broken.json")), ["broken"]);
    let spec = definitions().join("option-inheritance/connectors/acme/spec.yml");
    let directory = load_directory(&spec).unwrap();
    assert_eq!(
        directory.connectors[0]
            .connector
            .as_ref()
            .unwrap()
            .options
            .len(),
        3
    );
    assert!(load_directory(&case.join("missing")).is_err());
}

#[test]
fn a_stored_bundle_loads_like_its_directory() {
    let path = definitions().join("option-inheritance/connectors/acme");
    let bundle = Bundle::from_dir(&path).unwrap();
    let stored = Bundle::from_json(&bundle.to_json()).unwrap();
    let first = load_connector(&bundle, ConnectorDefaults::default());
    let second = load_connector(&stored, ConnectorDefaults::default());
    assert_eq!(first.diagnostics, second.diagnostics);
    let names = |connector: Option<Connector>| {
        let connector = connector.unwrap();
        format!("{connector:?}")
    };
    assert_eq!(names(first.value), names(second.value));
}

#[test]
fn versions_are_chosen_by_name() {
    let path = definitions().join("versioned-layout/membrane/connectors/acme");
    let bundle = Bundle::from_dir(&path).unwrap();
    let load = |version: Option<&str>| {
        let defaults = ConnectorDefaults {
            key: None,
            version: version.map(str::to_owned),
        };
        load_connector(&bundle, defaults)
    };
    assert_eq!(load(None).value.unwrap().version, None);
    assert_eq!(load(Some("dev")).value.unwrap().version, None);
    let published = load(Some("1.2.0")).value.unwrap();
    assert_eq!(published.version.as_deref(), Some("1.2.0"));
    assert_eq!(
        (published.key.as_str(), published.name.as_str()),
        ("acme", "Acme")
    );
    let missing = load(Some("3.0.0"));
    assert!(missing.value.is_none());
    assert_eq!(missing.diagnostics[0].code, Code::NoDefinition);
}

#[test]
fn diagnostics_serialise_for_machines() {
    let bundle = Bundle::from_document(
        "acme.yaml",
        "key: acme\ntype: membrane-token\nbaseUri: x\nnmae: A\n",
    );
    let loaded = load_connector(&bundle, ConnectorDefaults::default());
    let json: Vec<String> = loaded
        .diagnostics
        .iter()
        .map(|diagnostic| serde_json::to_string(diagnostic).unwrap())
        .collect();
    insta::assert_snapshot!("json", json.join("\n"));
}

#[test]
fn colours_are_only_used_when_asked_for() {
    let bundle = Bundle::from_document("acme.yaml", "key: [acme]\n");
    let loaded = load_connector(&bundle, ConnectorDefaults::default());
    let plain = render(&loaded.diagnostics, &loaded.sources, Color::Never);
    let styled = render(&loaded.diagnostics, &loaded.sources, Color::Always);
    assert!(!plain.contains('\u{1b}') && styled.contains('\u{1b}'));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever the bytes, there is an answer, and it can be rendered.
    #[test]
    fn no_bytes_make_loading_panic(
        spec in definition_like(),
        function in definition_like(),
    ) {
        let bundle = Bundle::from_json(&serde_json::json!({
            "spec.yml": spec,
            "auth/make-api-client.map.yml": function,
            "auth/test.rest.yml": function,
            "auth/options/a/test.js": function,
            "operations/a.yml": spec,
            "operations/a.run.graphql.yml": function,
            "operations/b/run.op.yml": function,
            "tests/a.yml": spec,
            "tests/provider.yml": function,
        }))
        .unwrap();
        let loaded = load_connector(&bundle, ConnectorDefaults::default());
        prop_assert!(loaded.value.is_some() || !loaded.diagnostics.is_empty());
        render(&loaded.diagnostics, &loaded.sources, Color::Always);
        serde_json::to_string(&loaded.diagnostics).unwrap();
    }
}

/// Lines of words that definitions have, and of noise.
fn definition_like() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "key",
        "auth",
        "type",
        "client-credentials",
        "options",
        "a",
        "makeApiClient",
        "test",
        "mapping",
        "implementationType",
        "path",
        "$var",
        "credentials.x",
        "$concat",
        "password",
        "ui",
        "schema",
        "baseUri",
        "https://é.example.com",
        "[",
        "]",
        "{",
        "}",
        "*a",
        "&a",
        "\"",
        "'",
        "|",
        "- ",
        ":",
        "<<",
        "~",
        "1e9",
        "!!str",
        "#",
        "\t",
        "filePath",
        "../x",
        "args",
        "operations",
        "operationKey",
        "operation-mapping",
        "graphql-api-mapping",
        "query",
        "requestMapping",
        "subFields",
        "run",
        "methods",
        "javascript",
        "code",
        "export default () => import('./x')",
        "function",
        "requests",
        "expect",
        "respond",
        "status",
        "routes",
    ]);
    let line =
        (0_usize..4, word.clone(), word, any::<bool>()).prop_map(|(depth, key, value, list)| {
            let dash = if list { "- " } else { "" };
            format!("{}{dash}{key}: {value}\n", "  ".repeat(depth))
        });
    prop::collection::vec(line, 0..12).prop_map(|lines| lines.concat())
}
