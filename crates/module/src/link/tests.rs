use super::*;
use crate::program::Callable;
use crate::source::Language;

fn link_files(entry: &str, files: &[(&str, &str)]) -> Linked {
    link(entry, &mut |path| {
        let (_, text) = files.iter().find(|(name, _)| *name == path)?;
        let language = Language::of_path(path)?;
        Some(SourceFile {
            text: (*text).to_owned(),
            language,
        })
    })
}

fn program(entry: &str, files: &[(&str, &str)]) -> Program {
    let linked = link_files(entry, files);
    assert!(linked.problems.is_empty(), "{:?}", linked.problems);
    linked.program.unwrap()
}

/// The kinds of problems, with the text they point at.
fn problems(entry: &str, files: &[(&str, &str)]) -> Vec<(ProblemKind, String)> {
    let linked = link_files(entry, files);
    let place = |problem: &Problem| {
        let (_, text) = files
            .iter()
            .find(|(name, _)| *name == problem.file)
            .unwrap();
        text.get(problem.start..problem.end).unwrap().to_owned()
    };
    linked
        .problems
        .iter()
        .map(|problem| (problem.kind, place(problem)))
        .collect()
}

#[test]
fn a_function_is_linked_with_all_that_it_imports() {
    let files = [
        (
            "auth/test.ts",
            "import { sign } from '../lib/sign.js';\nexport default () => sign();",
        ),
        (
            "lib/sign.ts",
            "import crypto from 'node:crypto';\nimport regions from './regions';\n\
             export { other } from './other';\nexport const sign = () => [crypto, regions];",
        ),
        ("lib/other.js", "exports.other = require('../auth/test');"),
        ("lib/regions.yml", "[\"eu\"]"),
        ("unused.js", "!"),
    ];
    let program = program("./auth/test.ts", &files);
    assert_eq!(program.entry, "auth/test.ts");
    let names: Vec<_> = program
        .modules
        .iter()
        .map(|module| module.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "auth/test.ts",
            "lib/sign.ts",
            "lib/regions.yml",
            "lib/other.js"
        ]
    );
    let imports = |name: &str| program.module(name).unwrap().imports.clone();
    let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    assert_eq!(
        imports("auth/test.ts"),
        [pair("../lib/sign.js", "lib/sign.ts")]
    );
    assert_eq!(
        imports("lib/sign.ts"),
        [
            pair("node:crypto", "crypto"),
            pair("./regions", "lib/regions.yml"),
            pair("./other", "lib/other.js"),
        ]
    );
    assert_eq!(
        imports("lib/other.js"),
        [pair("../auth/test", "auth/test.ts")],
        "a cycle"
    );
    assert_eq!(
        program.module("lib/regions.yml").unwrap().format,
        ModuleFormat::Json
    );
}

#[test]
fn every_file_that_was_read_is_named() {
    let files = [
        ("a.js", "import './b'; export default () => 1"),
        ("b.js", "syntax error"),
    ];
    assert_eq!(link_files("a.js", &files).files, ["a.js", "b.js"]);
}

#[test]
fn a_path_is_asked_for_once() {
    let mut asked = Vec::new();
    let linked = link("a.js", &mut |path| {
        asked.push(path.to_owned());
        let text = "import './b'; import './b'; import('./b'); module.exports = () => 1".to_owned();
        (path == "a.js").then_some(SourceFile {
            text,
            language: Language::JavaScript,
        })
    });
    assert_eq!(linked.problems.len(), 3);
    let mut distinct = asked.clone();
    distinct.dedup();
    assert_eq!(asked, distinct);
}

#[test]
fn files_are_es_modules_when_they_look_like_it_and_commonjs_otherwise() {
    let format = |text: &str| program("a.js", &[("a.js", text)]).modules[0].format;
    assert_eq!(format("export default () => 1"), ModuleFormat::Esm);
    assert_eq!(
        format("module.exports = await (async () => () => 1)()"),
        ModuleFormat::Esm
    );
    assert_eq!(
        format("for await (const x of y) {} module.exports = () => 1"),
        ModuleFormat::Esm
    );
    assert_eq!(
        format("import.meta.x; module.exports = () => 1"),
        ModuleFormat::Esm
    );
    assert_eq!(
        format("module.exports = async () => { await 1 }"),
        ModuleFormat::CommonJs
    );
    assert_eq!(
        format("exports.x = () => { with (a) b }"),
        ModuleFormat::CommonJs
    );
    assert_eq!(
        format("exports.x = () => import('crypto')"),
        ModuleFormat::CommonJs
    );
    assert_eq!(
        format("if (x) return; exports.x = () => 010"),
        ModuleFormat::CommonJs
    );
}

#[test]
fn commonjs_passes_through_as_it_stands() {
    let text = "#!/usr/bin/env node\n'use strict' // kept\nmodule.exports = () => 0777 ? 1 : 2\n";
    let text = text.replace("0777", "777");
    let program = program("a.js", &[("a.js", &text)]);
    assert_eq!(program.modules[0].code, text.replacen("#!", "//", 1));
}

#[test]
fn typescript_leaves_what_runs() {
    let text = "import type { T } from './types';\nimport { U } from 'nowhere';\n\
                enum Level { Low = 1, High = Low << 2 }\nnamespace N { export const one = 1; }\n\
                abstract class C<V> { constructor(private readonly u: U) {} }\n\
                export default async (x: T) => (x satisfies T as any)!.y;\n";
    let program = program("a.ts", &[("a.ts", text)]);
    let code = &program.modules[0].code;
    assert!(program.modules[0].imports.is_empty());
    for kept in [
        "\"Low\"] = 1",
        "this.u = u",
        "_N.one = 1",
        "async (x) => x.y",
    ] {
        assert!(code.contains(kept), "{kept}: {code}");
    }
}

#[test]
fn typescript_with_require_syntax_runs() {
    let text = "import fs = require('crypto');\nexport = (x: string) => fs.createHash(x);";
    let program = program("a.ts", &[("a.ts", text)]);
    assert_eq!(
        program.modules[0].imports,
        [("crypto".to_owned(), "crypto".to_owned())]
    );
    assert!(
        program.modules[0]
            .code
            .contains("module.exports = (x) => fs.createHash(x)")
    );
}

#[test]
fn a_file_that_is_only_a_function_exports_it() {
    for (name, text) in [
        (
            "a.js",
            "async ({ apiClient }) => { await apiClient.get('/me') }",
        ),
        ("a.js", "(() => 1);"),
        ("a.js", "// comment\nfunction ({ a }) { return a }"),
        ("a.js", "async function named({ a }) { return a }"),
        ("a.js", "const help = 1;\n\n({ a }) => help"),
        (
            "a.js",
            "import c from 'crypto'\nfunction named() { return c }",
        ),
        (
            "a.ts",
            "interface A { b: string }\nasync (a: A): Promise<void> => {}",
        ),
        ("a.ts", "async function (a: string) {}"),
    ] {
        let program = program(name, &[(name, text)]);
        assert_eq!(
            program.statically_exports_function("test"),
            Callable::Yes,
            "{text}"
        );
        assert_eq!(program.modules[0].exports, ["default"], "{text}");
    }
}

#[test]
fn several_declarations_are_no_function_to_call() {
    let text = "function a() {}\nfunction b() {}";
    assert_eq!(
        problems("a.js", &[("a.js", text)]),
        [(ProblemKind::NoFunction, String::new())]
    );
}

#[test]
fn imports_that_are_not_there_are_pointed_at() {
    let text = "import { a } from 'lodash';\nimport b from 'node:fs';\nimport './gone';\n\
                import '../up';\nimport './logo.svg';\nexport default () => require('./late');";
    let expected = [
        (ProblemKind::UnknownImport, "'lodash'"),
        (ProblemKind::NodeBuiltin, "'node:fs'"),
        (ProblemKind::MissingFile, "'./gone'"),
        (ProblemKind::OutsideConnector, "'../up'"),
        (ProblemKind::UnsupportedFile, "'./logo.svg'"),
        (ProblemKind::MissingFile, "'./late'"),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(kind, at)| (*kind, (*at).to_owned()))
        .collect();
    assert_eq!(problems("a.js", &[("a.js", text)]), expected);
}

#[test]
fn names_that_are_not_exported_are_pointed_at() {
    let files = [
        (
            "a.js",
            "import axios, { creatHmac } from 'crypto';\nimport b, { one, two } from './b';\n\
             import { any } from './c';\nimport { key, kee } from './d.json';\n\
             export { three } from './b';\nexport default () => [axios, creatHmac, b, one, two, any]",
        ),
        ("b.js", "export const one = 1;"),
        ("c.js", "Object.assign(exports, { any: 1 })"),
        ("d.json", "{\"key\": 1}"),
    ];
    let expected = ["creatHmac", "b", "two", "kee", "three"];
    let expected = expected.map(|name| (ProblemKind::MissingExport, name.to_owned()));
    assert_eq!(problems("a.js", &files), expected);
    let linked = link_files("a.js", &files);
    assert!(
        linked.problems[0]
            .help
            .as_deref()
            .unwrap()
            .starts_with("did you mean `createHmac`?")
    );
}

#[test]
fn computed_imports_are_warnings() {
    let text = "module.exports = async x => { require(x); await import(x); require(...x); \
                const r = require => require(x); require(`crypto`); import(`axios`) }";
    let linked = link_files("a.js", &[("a.js", text)]);
    let kinds: Vec<_> = linked.problems.iter().map(|problem| problem.kind).collect();
    assert_eq!(kinds, [ProblemKind::DynamicImport; 3]);
    let imports = &linked.program.unwrap().modules[0].imports;
    assert_eq!(imports.len(), 2, "{imports:?}");
}

#[test]
fn syntax_errors_point_at_the_authors_text() {
    let syntax = |at: &str| vec![(ProblemKind::Syntax, at.to_owned())];
    let found = |name: &str, text: &str| problems(name, &[(name, text)]);
    assert_eq!(found("a.js", "const x = {;"), syntax(";"));
    assert_eq!(
        found(
            "a.js",
            "import a from 'axios';\nexport default () => { a( }"
        ),
        syntax("}")
    );
    assert_eq!(
        found("a.js", "module.exports = () => { let ä = 1; let ä = 2 }"),
        syntax("ä")
    );
    assert_eq!(
        found("a.js", "async ({ a }) => { let b; let b }"),
        syntax("b"),
        "after insertion"
    );
    assert_eq!(found("a.js", "const module = 1"), syntax("module"));
    assert_eq!(found("a.ts", "@dec class A {}"), syntax("@dec"));
    assert_eq!(
        found("a.js", "exports.x = () => { using y = z }"),
        syntax("using y = z")
    );
    assert_eq!(
        found("a.ts", "class A { accessor b = 1 }"),
        syntax("accessor b = 1")
    );
    assert_eq!(found("a.js", "exports.x = () => /(/"), syntax("("));
    assert_eq!(found("a.json", "{\"a\": 1,\n \"b\" 2}"), syntax(""));
    assert_eq!(found("a.ts", "namespace N { export let x = 1 }").len(), 1);
}

#[test]
fn an_es_module_may_declare_what_it_is_given() {
    let text = "const require = (x) => x;\nexport default () => require('q');";
    let code = &program("a.js", &[("a.js", text)]).modules[0].code;
    assert!(code.starts_with("{Object.defineProperty"), "{code}");
    assert!(code.ends_with("}\n"));
}

/// A file, the function that is looked for in it, and whether it is there.
const EXPORTS: &[(&str, &str, Callable)] = &[
    (
        "export default async function () {}",
        "default",
        Callable::Yes,
    ),
    (
        "export const test = async () => 1; export const x = () => 1",
        "test",
        Callable::Yes,
    ),
    (
        "export const other = async () => 1",
        "only one",
        Callable::Yes,
    ),
    (
        "const f = () => 1, g = 1; export { f as test, g }",
        "test",
        Callable::Yes,
    ),
    ("export default { test() {}, x: 1 }", "test", Callable::Yes),
    ("export * from './b'", "test", Callable::Unknown),
    ("export default make()", "test", Callable::Unknown),
    (
        "export const a = () => 1, b = () => 2",
        "test",
        Callable::No,
    ),
    ("export let a = make()", "test", Callable::Unknown),
    (
        "import { a } from './b'; export { a }",
        "test",
        Callable::Unknown,
    ),
    (
        "module.exports = { test, x: 1 }; function test() {}",
        "test",
        Callable::Yes,
    ),
    (
        "module.exports = { test: 1, y: () => 1, z: () => 1 }",
        "test",
        Callable::No,
    ),
    (
        "const api = { test() {} }; export default api",
        "test",
        Callable::Unknown,
    ),
    (
        "const api = { test() {} }; export { api as default }",
        "test",
        Callable::Unknown,
    ),
    (
        "const api = { test() {} }; module.exports = api",
        "test",
        Callable::Unknown,
    ),
    ("export * as default from './b'", "test", Callable::Unknown),
    ("module.exports = { ...x }", "test", Callable::Unknown),
    ("module.exports = make()", "test", Callable::Unknown),
    ("exports.test = async function () {}", "test", Callable::Yes),
    ("exports = module.exports = () => 1", "test", Callable::Yes),
    (
        "module['exports'].test = () => 1; exports.x = 1",
        "test",
        Callable::Yes,
    ),
    (
        "Object.defineProperty(exports, 'test', {})",
        "test",
        Callable::Unknown,
    ),
    (
        "const e = exports; e.test = () => 1",
        "test",
        Callable::Unknown,
    ),
    (
        "(exports => { exports.test = 1 })({}); exports.a = () => 1; exports.b = a",
        "test",
        Callable::Unknown,
    ),
];

#[test]
fn what_is_exported_is_known_as_far_as_it_can_be() {
    let b = ("b.js", "export const a = () => 1");
    for (text, function, expected) in EXPORTS {
        let program = program("a.js", &[("a.js", text), b]);
        assert_eq!(
            program.statically_exports_function(function),
            *expected,
            "{text}"
        );
    }
}

#[test]
fn a_file_without_any_function_is_an_error() {
    let none = [(ProblemKind::NoFunction, String::new())];
    for text in [
        "",
        "const x = () => 1",
        "export const x = 1",
        "module.exports = { x: 'y' }",
        "export type X = 1",
        "export default {}",
        "export default class {}",
        "export default class Named { run() {} }",
        "export default nowhere",
    ] {
        assert_eq!(problems("a.ts", &[("a.ts", text)]), none, "{text}");
    }
    assert_eq!(problems("a.json", &[("a.json", "{}")]), none);
}

#[test]
fn too_much_is_refused_once() {
    let count = limits::MODULES * 3;
    let linked = link("0.js", &mut |path| {
        let number: usize = path.strip_suffix(".js")?.parse().ok()?;
        let next = (number + 1).min(count);
        let text = format!("import './{next}.js'; export default () => 1");
        Some(SourceFile {
            text,
            language: Language::JavaScript,
        })
    });
    let kinds: Vec<_> = linked.problems.iter().map(|problem| problem.kind).collect();
    assert_eq!(kinds, [ProblemKind::Limit]);
    assert!(linked.program.is_none());

    let linked = link("0.js", &mut |path| {
        let number: usize = path.strip_suffix(".js")?.parse().ok()?;
        let mut text = format!("import './{}.js'; export default () => 1;", number + 1);
        text.push_str(&" ".repeat(limits::FILE_BYTES - text.len()));
        Some(SourceFile {
            text,
            language: Language::JavaScript,
        })
    });
    let kinds: Vec<_> = linked.problems.iter().map(|problem| problem.kind).collect();
    assert_eq!(kinds, [ProblemKind::Limit]);

    let long = format!("export default () => 1;{}", " ".repeat(limits::FILE_BYTES));
    assert_eq!(
        problems("a.js", &[("a.js", &long)])[0].0,
        ProblemKind::Limit
    );
    let deep = "(".repeat(limits::FILE_BYTES);
    assert_eq!(
        problems("a.js", &[("a.js", &deep)])[0].0,
        ProblemKind::Limit
    );
}

#[test]
fn an_entry_that_is_not_there_is_an_error() {
    let linked = link_files("gone.js", &[]);
    assert_eq!(linked.problems[0].kind, ProblemKind::MissingFile);
    assert!(linked.program.is_none() && linked.files.is_empty());
}
