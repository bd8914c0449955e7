use proptest::prelude::*;
use serde_json::{Value, json};

use crate::report::Report;
use crate::tree::{Node, Syntax, Tree, parse};

fn tree(text: &str) -> (Option<Node>, Vec<String>) {
    let mut report = Report::default();
    let file = report.add_file("a.yml", text.into());
    let node = parse(Syntax::Yaml, text, file, &mut report);
    let (diagnostics, _) = report.finish();
    let found = diagnostics
        .iter()
        .map(|found| format!("{}:{} {}", found.line, found.column, found.code))
        .collect();
    (node, found)
}

fn value(text: &str) -> Value {
    let (node, found) = tree(text);
    assert_eq!(found, [""; 0], "{text}");
    node.unwrap().to_value()
}

fn errors(text: &str) -> Vec<String> {
    let (node, found) = tree(text);
    assert!(node.is_none(), "{text}");
    found
}

/// Every place of the tree, as the text that it covers.
fn covered<'a>(node: &Node, text: &'a str, into: &mut Vec<&'a str>) {
    let slice = |place: crate::report::Place| &text[place.start as usize..place.end as usize];
    match &node.tree {
        Tree::Mapping(entries) => {
            for entry in entries {
                into.push(slice(entry.key_place));
                covered(&entry.value, text, into);
            }
        }
        Tree::List(items) => items.iter().for_each(|item| covered(item, text, into)),
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::String(_) => {
            into.push(slice(node.place));
        }
    }
}

#[test]
fn keys_and_values_cover_their_text() {
    let text = "é: \"ü\"\r\nlist: [a, 'b b']\nblock:\n  - x: ~\n    y: plain text\n";
    let (node, _) = tree(text);
    let mut found = Vec::new();
    covered(&node.unwrap(), text, &mut found);
    assert_eq!(
        found,
        [
            "é",
            "\"ü\"",
            "list",
            "a",
            "'b b'",
            "block",
            "x",
            "~",
            "y",
            "plain text"
        ]
    );
}

#[test]
fn key_order_is_kept() {
    assert_eq!(value("z: 1\na: 2\n").to_string(), r#"{"z":1,"a":2}"#);
}

#[test]
fn keys_are_text_whatever_they_look_like() {
    assert_eq!(value("1: a\ntrue: b\n"), json!({"1": "a", "true": "b"}));
}

#[test]
fn aliases_copy_and_merge_keys_expand() {
    assert_eq!(
        value("a: &x {b: 1, c: 2}\nd: *x\ne: {f: 0, <<: *x, c: 3}\n").to_string(),
        r#"{"a":{"b":1,"c":2},"d":{"b":1,"c":2},"e":{"f":0,"b":1,"c":3}}"#
    );
    assert_eq!(errors("a: {<<: 1}"), ["1:9 AB0117"]);
}

#[test]
fn tags_of_the_core_schema_are_known() {
    assert_eq!(value("[!!str 1, !!float 1, ! 2]"), json!(["1", 1, "2"]));
    assert_eq!(errors("[!foo a, !!int x, !!seq {}]").len(), 3);
    assert_eq!(errors("a: .inf"), ["1:4 AB0117"]);
}

#[test]
fn broken_text_is_told_where_it_breaks() {
    assert_eq!(errors("a: b\na: c\n"), ["2:1 AB0112"]);
    assert_eq!(errors("a: &x [*x]"), ["1:8 AB0113"]);
    assert_eq!(errors("a: *nowhere"), ["1:4 AB0111"]);
    assert_eq!(errors("a: b\n---\nc: d\n"), ["2:1 AB0116"]);
    assert_eq!(errors("? [a]\n: b\n"), ["1:3 AB0117"]);
    assert_eq!(errors("a: \0"), ["1:4 AB0103"]);
    assert_eq!(errors("# nothing\n---\n"), ["1:1 AB0107"]);
    assert_eq!(errors(""), ["1:1 AB0107"]);
    assert!(errors("a: [1, 2\nb: c")[0].ends_with("AB0111"));
}

#[test]
fn depth_is_bounded_in_both_styles() {
    let flow = format!("{}{}", "[".repeat(200), "]".repeat(200));
    assert_eq!(errors(&flow), ["1:101 AB0115"]);
    // The parser looks ahead, and has a limit of its own.
    assert_eq!(errors(&"[".repeat(100_000)), ["1:256 AB0111"]);
    let levels = (0..3000).map(|depth| {
        " ".repeat(depth)
            + "a:
"
    });
    let block: String = levels.collect();
    assert_eq!(errors(&block), ["101:101 AB0115"]);
}

#[test]
fn an_alias_bomb_runs_into_the_budget() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let list = vec![format!("*a{}", level - 1); 10].join(", ");
        text.extend([
            "a",
            &level.to_string(),
            ": &a",
            &level.to_string(),
            " [",
            &list,
            "]\n",
        ]);
    }
    let found = errors(&text);
    assert_eq!(found.len(), 1);
    assert!(found[0].ends_with("AB0114"));
}

#[test]
fn a_long_text_repeated_by_aliases_runs_into_the_budget() {
    let text = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(500_000),
        vec!["*a"; 1000].join(", ")
    );
    assert!(errors(&text)[0].ends_with("AB0114"));
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "[-a&*!\\[\\]{}:,?#|>'\"%@` \t\r\n~<é\u{0}\u{2028}]{0,60}") {
        let (node, found) = tree(&text);
        prop_assert!(node.is_some() || !found.is_empty());
    }

    #[test]
    fn json_values_read_the_same_as_yaml(list in prop::collection::vec("[ -~é]{0,12}", 0..6)) {
        let expected = json!({"list": list});
        prop_assert_eq!(value(&expected.to_string()), expected);
    }
}
