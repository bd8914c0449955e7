use proptest::prelude::*;
use serde_json::json;

use super::*;

fn read(text: &str) -> Option<Value> {
    parse("a.yaml", text).map(|root| root.to_value())
}

fn members(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

const FILE: &str = "\
# Written by a person.
name: Find a contact # as people say

# What it does.
config:
  request: {path: /contacts} # short
type: api-request-to-external-app
# the end
";

#[test]
fn an_edit_changes_its_member_and_nothing_else() {
    let edits = [
        ("name".to_owned(), Some(json!("Find"))),
        (
            "config".to_owned(),
            Some(json!({"request": {"path": "/people"}})),
        ),
        ("isCustomized".to_owned(), Some(json!(true))),
    ];
    assert_eq!(
        edited_document("a.yaml", FILE, &edits),
        "\
# Written by a person.
name: Find # as people say

# What it does.
config:
  request:
    path: /people
type: api-request-to-external-app
# the end
isCustomized: true
"
    );
}

#[test]
fn a_member_is_removed_without_its_neighbours_comments() {
    let edited = edited_document("a.yaml", FILE, &[("name".to_owned(), None)]);
    assert!(
        edited.starts_with("# Written by a person.\n\n# What it does.\nconfig:\n"),
        "{edited}"
    );
}

#[test]
fn a_document_in_braces_and_json_are_written_anew() {
    let edits = [("b".to_owned(), Some(json!([1])))];
    assert_eq!(
        edited_document("a.yaml", "# top\n{a: 1, b: 2, c: 3}\n", &edits),
        "# top\na: 1\nb:\n  - 1\nc: 3\n"
    );
    assert_eq!(
        edited_document("a.json", "{\"a\": 1}", &edits),
        "{\n  \"a\": 1,\n  \"b\": [\n    1\n  ]\n}\n"
    );
}

#[test]
fn anchors_do_not_break_an_edit() {
    let text = "a: &x {k: 1}\nb: *x\nc: 1\n";
    let edited = edited_document("a.yaml", text, &[("a".to_owned(), Some(json!(2)))]);
    assert_eq!(read(&edited), Some(json!({"a": 2, "b": {"k": 1}, "c": 1})));
}

#[test]
fn new_documents_are_easy_to_read() {
    let value = json!({
        "name": "Find: a contact", "on": "yes", "n": "12", "empty": {}, "list": [[1, [2]], {"a": 1, "b": []}],
        "code": "export default () => {\n  return 1;\n}\n", "path": "/contacts", "$var": "input.x",
    });
    let text = new_document(&members(&value), Some("a.json"));
    insta::assert_snapshot!(text);
    assert_eq!(read(&text), Some(value));
}

fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        ".{0,12}",
        "[a-z :#\\-\n\t\"'|>%@&*!{}\\[\\],0-9.~]{0,14}",
        "[ \n]{0,4}[a-z]{0,3}[ \n]{0,4}[a-z]{0,3}[ \n]{0,4}",
        Just("true".to_owned()),
        Just("0x1f".to_owned()),
        Just("1e3".to_owned()),
        Just("---".to_owned()),
        Just("a\n---\nb".to_owned()),
        Just("2024-01-01".to_owned()),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(|number: f64| Value::from(number)),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((text.clone(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(value in value()) {
        let document = json!({"a": value, "b": 1});
        let text = new_document(&members(&document), None);
        // Keys that YAML gives a meaning (`<<`) are the reader's business.
        if !text.contains("<<") {
            prop_assert_eq!(read(&text), Some(document), "{}", text);
        }
    }

    #[test]
    fn an_edit_is_read_back(before in value(), after in value()) {
        let document = json!({"x": 1, "a": before, "z": 2});
        let text = new_document(&members(&document), None);
        let edited = edited_document("a.yaml", &text, &[("a".to_owned(), Some(after.clone()))]);
        if !text.contains("<<") && !edited.contains("<<") {
            prop_assert_eq!(read(&edited), Some(json!({"x": 1, "a": after, "z": 2})), "{}", edited);
        }
    }
}
