//! The reference page of the module environment.

use std::fmt::Write as _;

use crate::builtins::{BUILTINS, Builtin};
use crate::globals::GLOBALS;
use crate::limits;

const INTRODUCTION: &str = "\
# The module environment

<!-- Generated from the code: changes belong there. -->

What a function in JavaScript or TypeScript finds when it runs. TypeScript is stripped of its
types, not checked. The language is ES2023. Decorators, `accessor`, `using` and JSX do not run.

## Exporting the function

| form | |
|---|---|
| `export default async function ({ apiClient }) { … }` | the usual one |
| `export async function test(…) { … }` | under the name of the function |
| `module.exports = async (…) => { … }` | CommonJS |
| `exports.test = async (…) => { … }` | CommonJS, by name |
| `async ({ apiClient }) => { … }` | a file that contains nothing else, for inline `code` |

The function that is called is, in this order: the default export if it is a function, the export
of the function's name, the member of that name in the default export, or the only function that
is exported. It gets one argument, an object; what it returns is awaited, and becomes JSON:
functions are left out, bytes become base64, errors their `name` and `message`.

A file that has `import`, `export` or `await` at its top level is an ES module, in strict mode;
every other file is CommonJS. Either may load the other.

## Importing files

`./` and `../` name files of the same connector; the file is looked for as written, then with
`.js`, `.ts`, `.json`, `.yml`, `.yaml`, `.mjs`, `.cjs`, `.mts` or `.cts` appended, then as a
directory with `index.js` or `index.ts`. `./x.js` also finds `./x.ts`. JSON and YAML files are
data: their value is the default export, their members are named exports.

`import()` and `require()` find what is named by a literal. Nothing is loaded from npm or from the
network.

";

/// The page that describes what a function finds in its environment, as Markdown; what
/// `docs/reference/module-environment.md` is generated from.
pub fn reference_markdown() -> String {
    let mut page = INTRODUCTION.to_owned();
    page.push_str("## Globals\n\n| name | |\n|---|---|\n");
    for global in GLOBALS {
        let names: Vec<_> = global
            .name
            .split(", ")
            .map(|name| format!("`{name}`"))
            .collect();
        let _ = writeln!(page, "| {} | {} |", names.join(", "), global.summary);
    }
    page.push_str("\n## Built-in modules\n");
    for builtin in BUILTINS {
        module(&mut page, builtin);
    }
    bounds(&mut page);
    page
}

fn module(page: &mut String, builtin: &Builtin) {
    let code = |names: &[&str]| -> String {
        let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        names.join(", ")
    };
    let _ = write!(page, "\n### `{}`\n\n{}\n", builtin.name, builtin.summary);
    if !builtin.aliases.is_empty() {
        let _ = write!(page, "\nAlso: {}.\n", code(builtin.aliases));
    }
    let _ = write!(page, "\nExports: {}.\n", code(builtin.exports));
    if !builtin.absent.is_empty() {
        let _ = write!(page, "\nNot there: {}\n", builtin.absent);
    }
}

fn bounds(page: &mut String) {
    let _ = write!(
        page,
        "\n## Limits of the source\n\n\
         | what | limit |\n|---|---|\n\
         | one file | {} KiB |\n\
         | all files of a function | {} KiB |\n\
         | files of a function | {} |\n",
        limits::FILE_BYTES / 1024,
        limits::PROGRAM_BYTES / 1024,
        limits::MODULES,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_export_and_global_is_on_the_page() {
        let page = reference_markdown();
        for builtin in BUILTINS {
            assert!(page.contains(&format!("### `{}`", builtin.name)));
            for name in builtin.exports {
                assert!(page.contains(&format!("`{name}`")), "{name}");
            }
        }
        for global in GLOBALS {
            assert!(page.contains(global.summary), "{}", global.name);
        }
        assert!(page.ends_with('\n') && !page.contains("\n\n\n"));
    }
}
