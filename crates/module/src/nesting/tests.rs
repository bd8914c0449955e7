use super::*;

fn depth(text: &str) -> usize {
    check(text)
        .unwrap_or_else(|at| panic!("too deep at {at}: {text}"))
        .0
}

#[test]
fn every_way_to_nest_is_counted() {
    let forms = [
        ("(", ")"),
        ("[", "]"),
        ("{a:", "}"),
        ("!", ""),
        ("- ", ""),
        ("await ", ""),
        ("a=>", ""),
        ("(a)=>", ""),
        ("(a=", ")"),
        ("a?b:", ""),
        ("a?", ":b"),
        ("1+", ""),
        ("1**", ""),
        ("a=", ""),
        ("`${", "}`"),
        ("new ", ""),
        ("class extends ", "{}"),
        ("typeof ", ""),
        ("f(", ")"),
        ("async(", ")"),
        ("() => {", "}"),
        ("[a,", "]"),
        ("(a,", ")"),
        ("a<b,", ""),
        ("{a:1,b:", "}"),
        ("(a,\n", ")"),
        ("function () {\nconst a = 1\nreturn ", "}"),
    ];
    for (open, close) in forms {
        for count in [1, 10, 60] {
            let text = format!("x = {}1{};", open.repeat(count), close.repeat(count));
            assert!(depth(&text) >= count, "{text}: {}", depth(&text));
        }
    }
    for open in [
        "if (a) ",
        "if (a);else ",
        "for (;;) ",
        "do ",
        "a:",
        "while (1)\n",
        "else\n",
    ] {
        let text = format!("{}x", open.repeat(60));
        assert!(depth(&text) >= 60, "{text}: {}", depth(&text));
    }
}

#[test]
fn groups_of_regular_expressions_are_counted() {
    assert!(depth(&format!("x = /{}a{}/v", "([".repeat(30), "])".repeat(30))) >= 60);
    assert!(check(&format!("x = /{}/", "(".repeat(TOKENS))).is_err());
}

#[test]
fn too_much_is_refused_where_it_is_too_much() {
    assert_eq!(check(&"(".repeat(1000)), Err(BRACKETS));
    assert_eq!(
        check(&format!("x = {}1", "!".repeat(10_000))),
        Err(TOKENS + 2)
    );
    assert!(check(&"a<".repeat(1000)).is_err());
    assert!(check(&"A<x,".repeat(1000)).is_err());
    assert!(check(&"if (a) x\nelse ".repeat(10_000)).is_err());
    assert!(check(&"if (a) b, c => {".repeat(200)).is_err());
}

#[test]
fn much_speculation_is_refused() {
    let nested = format!("x = {}1{};", "(a=".repeat(100), ")".repeat(100));
    assert!(check(&nested).is_ok());
    assert!(check(&nested.repeat(100)).is_err());
    assert!(check(&format!("x = {}1;", "a<".repeat(90)).repeat(100)).is_err());
}

#[test]
fn long_files_of_short_statements_pass() {
    for line in [
        "const a = b(c, [d, e], { f: g });\n",
        "const a = b\n",
        "function f(a) {\n  return a / 2\n}\n",
        "export async function f() { await g(); }\n",
        "// ((((((((((((\n/* [[[[ */ x('((((', \"{{{{\", /[(]{{/g, `((( ${y} (((`);\n",
        "if (a) { b(); } else if (c) { d(); }\nlet z = `a${`b${c}`}` / 2;\n",
        "for (let i = 0; i < 10; i++) { x += y[i] / (z - 1) / 2 }\n",
        "type A = B<C, D<E>>;\ninterface F { g: H; i(j: K): L }\n",
        "class A {\n  b = 1\n  c() {}\n  static d = /x/.test('(')\n}\n",
    ] {
        let text = line.repeat(8_000);
        assert!(depth(&text) < 300, "{line}: {}", depth(&text));
    }
}

#[test]
fn long_tables_pass() {
    let items = "{ name: 'x', values: [1, 2, -3], nested: { a: b + c } },\n".repeat(8_000);
    for (open, close) in [
        ("const t = [", "];"),
        ("export default [", "];"),
        ("f(", ");"),
    ] {
        assert!(depth(&format!("{open}{items}{close}")) < 100);
    }
    let members = "'key': { a: 1 },\n".repeat(8_000);
    for open in [
        "const t = {",
        "module.exports = {",
        "export default {",
        "return {",
    ] {
        assert!(depth(&format!("{open}{members}}};")) < 100, "{open}");
    }
    assert!(depth(&format!("var a = 1{};", ", b = f(2)".repeat(8_000))) < 100);
}

#[test]
fn what_cannot_be_told_passes_in_short_files_only() {
    for unclear in [
        "} /'/; ",
        "x++ /'/; ",
        "yield /'/; ",
        "a! /'/; ",
        "<!-- '\n",
        "\n--> '\n",
    ] {
        assert!(check(unclear).is_ok());
        assert!(
            check(&format!("{}{unclear}", "x;".repeat(TOKENS))).is_err(),
            "{unclear}"
        );
    }
}

#[test]
fn what_looks_like_brackets_is_told_from_brackets() {
    let open = "(".repeat(BRACKETS * 2);
    for text in [
        format!("x = '{open}'"),
        format!("x = \"\\\"{open}\""),
        format!("x = `{open}`"),
        format!("x = `${{y}}{open}`"),
        format!("x = /[/{open}]/"),
        format!("x = (a) / b; // {open}"),
        format!("x = a / b /* {open} */"),
        format!("if (a) /[/{open}]/.test(b)"),
        format!("return /[{open}]/"),
        format!("#! {open}\nx"),
        format!("a.return / '{open}' / 2"),
    ] {
        assert!(check(&text).is_ok(), "{text}");
    }
    for text in [
        format!("x = '\n{open}'"),
        format!("// \u{2028} {open}"),
        format!("x = a.return / {open} / 2"),
        format!("x = f(a) / {open}"),
        format!("x = `${{{open}}}`"),
        format!("x = /a/\n{open}"),
        format!("return\u{a0}/'/ + {open} '"),
        format!("x = a\\u{{62}} / '/' + {open}"),
    ] {
        assert!(check(&text).is_err(), "{text}");
    }
}
