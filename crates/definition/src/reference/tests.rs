use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::object::Object;
use crate::report::Report;
use crate::tree::{Syntax, parse};

#[test]
fn the_examples_of_the_pages_have_nothing_to_complain_about() {
    for page in pages::PAGES {
        let (name, example) = page.example;
        let mut report = Report::default();
        let id = report.add_file(name, example.into());
        let root = parse(Syntax::Yaml, example, id, &mut report).unwrap();
        let shape = if name.ends_with(".graphql.yml") {
            &crate::fields::GRAPHQL
        } else {
            page.shapes[0]
        };
        Object::read(&root, shape, &mut report).unwrap();
        let (diagnostics, _) = report.finish();
        assert!(diagnostics.is_empty(), "{name}: {diagnostics:?}");
    }
}

#[test]
fn the_pages_describe_every_key_once() {
    let pages = reference_pages();
    let page = |name: &str| {
        let found = pages.iter().find(|(page, _)| page == name);
        found.unwrap().1.as_str()
    };
    let tests = page("definition/tests.md");
    assert_eq!(tests.matches("| `respond` |").count(), 1);
    assert_eq!(tests.matches("## Answer").count(), 1);
    let functions = page("definition/functions.md");
    assert!(functions.contains("| `subFields` | list of: GraphQL field, or its name |"));
    assert!(functions.contains("| `getOAuthConfig` | `get-oauth-config`, `oauth-config`"));
    assert!(page("definition/connector.md").contains("| `functionHosts` | list of hosts |"));
    assert!(page("module-environment.md").contains("jsonwebtoken"));
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference")
}

#[test]
fn the_published_pages_about_definitions_are_current() {
    let pages = reference_pages();
    // The page about the module environment is another crate's.
    let own = pages
        .iter()
        .filter(|(name, _)| name != "module-environment.md");
    for (name, page) in own {
        assert!(
            fs::read_to_string(directory().join(name)).is_ok_and(|published| published == *page),
            "docs/reference/{name} is not current: run `cargo xtask generate`",
        );
    }
}

#[test]
#[ignore = "writes files: run it after a change of the table of fields"]
fn write_the_published_pages() {
    fs::create_dir_all(directory().join("definition")).unwrap();
    for (name, page) in reference_pages() {
        fs::write(directory().join(name), page).unwrap();
    }
}
