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

#[test]
fn show() {
    for (name, text) in [
        (
            "a.js",
            "import { createHmac as h } from 'crypto';\nimport d from './d.json';\nexport default async function test({ apiClient }) {\n  const o = { h, d };\n  return h('sha256', d.x);\n}\nexport const z = 1;\nexport * from './d.json'",
        ),
        (
            "a.js",
            "module.exports = async () => {\n  throw new Error('x')\n}\nexports.y = 1",
        ),
        ("a.js", "async ({ a }) => {\n  return a;\n}"),
        ("a.js", "function ({ a }) {\n  return a;\n}"),
        ("a.js", "async function f({ a }) {\n  return a;\n}"),
        (
            "a.ts",
            "import type { X } from 'x';\ninterface A { b: string }\nenum E { One = 1, Two = 'b' }\nnamespace N { export const k = 1 }\nclass C { constructor(private readonly q: number) {} }\nexport default async function test({ apiClient }: { apiClient: any }): Promise<A> {\n  if (E.One) throw new Error('boom' as string);\n  return { b: 'x' } satisfies A;\n}\n",
        ),
        (
            "a.ts",
            "import fs = require('crypto');\nexport = async (x: string) => fs.createHash(x);",
        ),
        (
            "a.js",
            "const require = (x) => x; export default () => require('q')",
        ),
        (
            "a.js",
            "const x = await import('crypto'); module.exports = () => x",
        ),
        ("a.js", "const exports = 1; module.exports = () => x"),
        (
            "a.js",
            "import { a } from 'lodash'; import b from 'fs'; import './q'; require(x); import { creatHmac } from 'crypto'",
        ),
        ("a.js", "const x = {;\n"),
        ("a.js", "export const x = 1;"),
        ("a.ts", "@dec class A {}\nusing x = 1;"),
        (
            "a.js",
            "import x from './x'; export default () => { let a; let a; }",
        ),
    ] {
        println!("--------\n{text}\n");
        let linked = link_files(name, &[(name, text), ("d.json", "{\"x\": 1}")]);
        for p in &linked.problems {
            println!(
                "{:?} {}..{} {} ({:?})",
                p.kind, p.start, p.end, p.message, p.help
            );
        }
        for m in linked
            .program
            .iter()
            .flat_map(|p| &p.modules)
            .filter(|m| m.name == name)
        {
            println!(
                "{:?} {:?} {:?} {:?}\n{}",
                m.format, m.imports, m.exports, m.shape, m.code
            );
        }
    }
    let _ = Callable::Yes;
}
