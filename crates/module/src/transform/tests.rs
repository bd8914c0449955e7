//! Positions, and that nothing makes the transformation fail in an uncontrolled way.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use proptest::prelude::*;

use crate::{Language, Module, ModuleFormat, Position, Program, SourceFile, link};

fn program(name: &str, text: &str) -> Program {
    let linked = link(name, &mut |path| {
        let language = Language::of_path(path)?;
        (path == name).then(|| SourceFile {
            text: text.to_owned(),
            language,
        })
    });
    assert!(linked.problems.is_empty(), "{:?}\n{text}", linked.problems);
    linked.program.unwrap()
}

/// The 1-based line and column, in UTF-16 units, of a byte.
fn place(text: &str, at: usize) -> (u32, u32) {
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before[before.rfind('\n').map_or(0, |newline| newline + 1)..].encode_utf16();
    (
        u32::try_from(line).unwrap(),
        u32::try_from(column.count() + 1).unwrap(),
    )
}

/// Every name that starts with `mark` is mapped back to where the author wrote it.
fn assert_marks(name: &str, text: &str) {
    let program = program(name, text);
    let code = &program.modules[0].code;
    let mut marks = 0;
    for (at, _) in code.match_indices("mark") {
        let mark: String = code[at..]
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        let source = text.find(&mark).unwrap();
        let (line, column) = place(code, at);
        let (source_line, source_column) = place(text, source);
        let expected = Position {
            file: name.to_owned(),
            line: source_line,
            column: source_column,
        };
        assert_eq!(
            program.locate(name, line, column),
            Some(expected),
            "{mark} in\n{code}"
        );
        marks += 1;
    }
    assert!(marks >= 2, "{code}");
}

const TYPESCRIPT: &str = "import type { Thing } from './types';
import { createHmac } from 'crypto';
interface Input { a: string;
  b?: number }
enum Level { Low = 1, High = 'high' }
type Alias<T> = T extends string ? 'a' : never;

class Client<T> {
  constructor(private readonly q: string, public n: number = mark1(mark2)) {}
  run(): void { if (this.n > 1) { throw new mark3('ä😀' + `x
    ${mark4 as string}`) } }
}

export default async function test({ a, b }: Input): Promise<Thing> {
  const h = createHmac(mark5, a!) as unknown; const c = new Client<string>(mark6 satisfies string);
  const äö = '😀'; mark7(äö, mark8)
  return <any>mark9.field;
}
";

#[test]
fn names_are_found_again_in_typescript() {
    assert_marks("auth/test.ts", TYPESCRIPT);
    assert_marks("auth/test.ts", &TYPESCRIPT.replace('\n', "\r\n"));
}

#[test]
fn names_are_found_again_in_javascript() {
    assert_marks(
        "a.js",
        "import a from 'axios'; mark1();\n\nexport default () => a(mark2)",
    );
    assert_marks(
        "a.js",
        "module.exports = () => {\n  /* ä😀 */ mark1(mark2)\n}",
    );
    assert_marks("a.js", "#!node\nexports.x = () => mark1(mark2)");
    assert_marks("a.js", "\u{feff}exports.x = () => 'mark1' + mark2");
    assert_marks(
        "a.js",
        "const require = mark1; export default () => require(mark2)",
    );
}

#[test]
fn names_are_found_again_behind_an_export_that_was_put_in() {
    assert_marks("a.js", "async ({ mark1 }) => { mark2 }");
    assert_marks("a.js", "function ({ mark1 }) { mark2\n}");
    assert_marks(
        "a.js",
        "import a from 'axios'; async ({ mark1 }) => { mark2(a)\n}",
    );
    assert_marks(
        "a.ts",
        "interface A { b: string }\n\n  async ({ mark1 }: A) => {\n mark2\n}",
    );
}

#[test]
fn places_that_are_not_there_are_nowhere() {
    let program = program("a.ts", "export default () => 1");
    assert_eq!(program.locate("b.ts", 1, 1), None);
    assert_eq!(program.locate("a.ts", 9_999, 1), None);
    assert_eq!(program.locate("a.ts", 0, 0), None);
}

/// Runs a module in Node.js as the sandbox does, calls its default export, and gives the place of
/// the error that it throws.
fn thrown_in_node(module: &Module) -> (u32, u32) {
    let (head, tail) = match module.format {
        ModuleFormat::Esm => (
            "(async (__vite_ssr_exports__, __vite_ssr_import__, __vite_ssr_dynamic_import__, \
             __vite_ssr_exportAll__, __vite_ssr_import_meta__, module, exports, require) => { \
             'use strict';",
            "\n})",
        ),
        ModuleFormat::CommonJs | ModuleFormat::Json => (
            "(function (exports, require, module, __filename, __dirname) {",
            "\n})",
        ),
    };
    let esm = module.format == ModuleFormat::Esm;
    let mut script = String::new();
    write!(
        script,
        "const head = {head:?}, code = {:?}, tail = {tail:?}, esm = {esm};
        const run = require('vm').runInThisContext(head + code + tail, {{
            filename: 'THE-CODE', columnOffset: -head.length }});
        const module_ = {{ exports: {{}} }}, ns = {{}};
        const load = async (name) => require(name);
        (async () => {{
            await (esm ? run(ns, load, load, null, {{}}, module_, module_.exports, require)
                       : run(module_.exports, require, module_, '', ''));
            await (ns.default ?? module_.exports)({{ a: 'x', fail: true }});
        }})().catch((error) => {{
            console.log(/THE-CODE:(\\d+):(\\d+)/.exec(error.stack).slice(1).join(' '));
        }})",
        module.code
    )
    .unwrap();
    let node = Command::new("node")
        .args(["-e", &script])
        .stderr(Stdio::inherit())
        .output();
    let output = String::from_utf8(node.unwrap().stdout).unwrap();
    let mut numbers = output
        .split_whitespace()
        .map(|number| number.parse().unwrap());
    (
        numbers.next().expect("a place"),
        numbers.next().expect("a column"),
    )
}

#[test]
#[ignore = "needs Node.js"]
fn errors_thrown_in_node_are_where_the_author_throws_them() {
    let typescript = "import { createHmac } from 'crypto';\nenum E { A = 1,\n B }\n\
        interface I { a: string,\n\n b: E }\nnamespace N { export const one: number = 1 }\n\
        class C { constructor(private x: string) {}\n\
        go(): never { const k = createHmac('sha256', this.x); throw new Error('boom' + k) } }\n\
        export default async function test({ a }: I) {\n  const c: C = new C(a!)\n  c.go()\n}";
    for (name, text) in [
        ("a.ts", typescript),
        (
            "a.ts",
            "interface A { fail: boolean }\nasync ({ fail }: A) => { throw new Error('x') }",
        ),
        (
            "a.js",
            "async ({ fail }) => { if (fail) throw new Error('x') }",
        ),
        (
            "a.js",
            "\n\nmodule.exports = async () => {\n\n   throw new Error('x') }",
        ),
        (
            "a.js",
            "import c from 'crypto'\n\nexport default () => { c; throw new Error('x') }",
        ),
        (
            "a.js",
            "const require = 1; export default () => { throw new Error('x') }",
        ),
    ] {
        let program = program(name, text);
        let (line, column) = thrown_in_node(&program.modules[0]);
        let found = program.locate(name, line, column).unwrap();
        let expected = place(text, text.find("new Error").unwrap());
        assert_eq!(
            (found.line, found.column),
            expected,
            "{text}\n{}",
            program.modules[0].code
        );
    }
}

/// What nests, as text before and after what is nested.
const NESTING: &[(&str, &str)] = &[
    ("(", ")"),
    ("[", "]"),
    ("{a:", "}"),
    ("!", ""),
    ("- ", ""),
    ("await ", ""),
    ("a=>", ""),
    ("(a)=>", ""),
    ("(a=", ")"),
    ("(a=", ")=>1"),
    ("({a=", "})=>1"),
    ("a?(b):", ""),
    ("a?", ":1"),
    ("a?(b)=>(", "):1"),
    ("async(", ")"),
    ("f<", ">"),
    ("<T>(a=", ")=>1"),
    ("1+", ""),
    ("a&&", ""),
    ("1**", ""),
    ("a=", ""),
    ("", ".a"),
    ("", "()"),
    ("", "[0]"),
    ("", "?.a"),
    ("", "!"),
    ("", " as any"),
    ("", "``"),
    ("`${", "}`"),
    ("new ", ""),
    ("class extends ", "{}"),
    ("function(){return ", "}"),
    ("<a>", ""),
    ("a<", ""),
    ("a<(", ""),
    ("a?(b):c=>", ":d"),
    ("yield ", ""),
    ("1,", ""),
    ("()=>{", "}"),
    ("{a(){return ", "}}"),
];

const NESTING_STATEMENTS: &[(&str, &str)] = &[
    ("{", "}"),
    ("if(a)", ""),
    ("if(a);else ", ""),
    ("for(;;)", ""),
    ("do ", " while(1)"),
    ("switch(a){case 1:", "}"),
    ("try{", "}finally{}"),
    ("function f(){", "}"),
    ("while(1)\n", ""),
    ("let a:A<", ">"),
    ("let a:(", ")"),
    ("type A=()=>", ""),
    ("type A=b extends c?d:", ""),
    ("type A=keyof ", ""),
    ("type A={a:", "}"),
    ("namespace a{", "}"),
    ("class A{static{", "}}"),
];

#[test]
fn nothing_that_nests_overflows_the_stack() {
    for (name, count) in [
        ("a.js", 110),
        ("a.ts", 110),
        ("a.ts", 1_600),
        ("a.js", 4_900),
    ] {
        let repeat = |(open, close): &(&str, &str), core: &str| {
            [&open.repeat(count), core, &close.repeat(count)].concat()
        };
        let expressions = NESTING
            .iter()
            .map(|form| format!("x = {};", repeat(form, "1")));
        let statements = NESTING_STATEMENTS.iter().map(|form| repeat(form, "x;"));
        let once = NESTING_STATEMENTS.iter().filter_map(|(open, close)| {
            let (head, open) = open.split_once(['=', ':'])?;
            Some(format!("{head}={}b", repeat(&(open, close), "a")))
        });
        let regex = format!("x = /{}a{}/", "(".repeat(count), ")".repeat(count));
        for text in expressions.chain(statements).chain(once).chain([regex]) {
            let linked = link(name, &mut |path| {
                let language = Language::of_path(path)?;
                (path == name).then(|| SourceFile {
                    text: text.clone(),
                    language,
                })
            });
            let failed = |kind| linked.problems.iter().any(|problem| problem.kind == kind);
            assert!(!failed(crate::ProblemKind::Internal), "{}", &text[..40]);
        }
    }
}

const PIECES: &[&str] = &[
    "import a from 'axios'",
    "import { b } from './x'",
    "export default ",
    "export * from './x'",
    "async ",
    "await ",
    "function ",
    "f",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "=>",
    "=",
    ";",
    ",",
    ":",
    "?",
    ".",
    "...",
    "<",
    ">",
    "`",
    "${",
    "'",
    "\"",
    "/",
    "*/",
    "/*",
    "//",
    "\n",
    " ",
    "class ",
    "extends ",
    "enum ",
    "interface ",
    "namespace ",
    "type ",
    "as ",
    "x",
    "1",
    "0n",
    "\\u{61}",
    "\\",
    "@",
    "#p",
    "!",
    "-",
    "++",
    "if ",
    "else ",
    "for ",
    "do ",
    "while ",
    "return ",
    "let ",
    "const ",
    "require('./x')",
    "import(x)",
    "module.exports",
    "exports.y",
    "ä",
    "😀",
    "\u{2028}",
    "\u{feff}",
    "#!",
    "yield ",
    "static ",
    "get ",
    "new ",
    "/[(]/v",
    "export ",
    "default ",
    "=",
    "declare ",
    "abstract ",
    "import x = require('y')",
    "export = ",
    "with {type:'json'}",
    "\0",
];

/// Whatever comes out: spans lie in the file, and what was read is linked or has a problem.
fn assert_sound(text: &str) {
    for name in ["a.js", "a.ts", "a.json"] {
        let linked = link(name, &mut |path| {
            let language = Language::of_path(path)?;
            let text = if path == name {
                text
            } else {
                "export const b = 1"
            };
            Some(SourceFile {
                text: text.to_owned(),
                language,
            })
        });
        assert_eq!(
            linked.program.is_none(),
            linked
                .problems
                .iter()
                .any(|problem| !problem.kind.is_warning())
        );
        for problem in &linked.problems {
            assert_ne!(problem.kind, crate::ProblemKind::Internal, "{name}: {text}");
            if problem.file == name {
                assert!(
                    text.get(problem.start..problem.end).is_some(),
                    "{problem:?} in {text:?}"
                );
            }
            assert!(!problem.message.ends_with('.'), "{}", problem.message);
        }
        for module in linked.program.iter().flat_map(|program| &program.modules) {
            for (line, column) in [(1, 1), (2, 5), (u32::MAX, u32::MAX)] {
                let _ = module.positions.locate(line, column);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_sequence_of_pieces_is_linked_or_refused(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..40)
    ) {
        assert_sound(&pieces.concat());
    }

    #[test]
    fn any_text_is_linked_or_refused(text in "\\PC{0,80}") {
        assert_sound(&text);
    }

    #[test]
    fn any_change_of_a_source_is_linked_or_refused(
        at in 0..TYPESCRIPT.len(),
        removed in 0_usize..30,
        put in proptest::sample::select(PIECES),
    ) {
        let start = TYPESCRIPT.floor_char_boundary(at);
        let end = TYPESCRIPT.ceil_char_boundary((start + removed).min(TYPESCRIPT.len()));
        assert_sound(&[&TYPESCRIPT[..start], put, &TYPESCRIPT[end..]].concat());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn no_repetition_overflows_the_stack(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES), 1..5),
        times in 1_usize..1_500,
        end in proptest::sample::select(PIECES),
    ) {
        assert_sound(&[&pieces.concat().repeat(times), end].concat());
    }
}
