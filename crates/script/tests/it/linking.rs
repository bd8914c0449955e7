//! Modules: how they find each other, and where the function is looked for.

use authbridge_script::{Call, ModuleFormat, ModuleSource, ScriptError, Then};
use serde_json::{Value, json};

use crate::support::{TestHost, call, module, program, sandbox};

use ModuleFormat::{CommonJs, Esm, Json};

async fn run(modules: Vec<ModuleSource>) -> Result<Option<Value>, ScriptError> {
    run_call(modules, call()).await
}

async fn run_call(modules: Vec<ModuleSource>, call: Call) -> Result<Option<Value>, ScriptError> {
    let sandbox = sandbox();
    let program = sandbox.compile(&program(modules)).await?;
    sandbox
        .call(&program, call, &TestHost::default())
        .await
        .result
}

/// What the transform makes of `export default` and `export const name`.
fn export(name: &str, value: &str) -> String {
    format!(
        "Object.defineProperty(__vite_ssr_exports__, {name:?}, {{ enumerable: true, configurable: true, get() {{ return {value} }} }});"
    )
}

#[tokio::test]
async fn the_function_is_found_wherever_authors_put_it() {
    let esm = |code: String| module("main.js", Esm, &code, &[]);
    let cjs = |code: &str| module("main.js", CommonJs, code, &[]);
    let forms = [
        esm(export("default", "f") + "async function f() { return 1 }"),
        esm(export("run", "f") + "const f = async () => 1"),
        esm(export("anything", "f") + "const f = async () => 1"),
        esm("module.exports = () => 1".to_owned()),
        esm("exports.run = () => 1".to_owned()),
        esm(export("default", "({ run: () => 1 })")),
        cjs("module.exports = () => 1"),
        cjs("exports.default = () => 1"),
        cjs("exports.run = () => 1; exports.other = () => 2"),
        cjs("exports.lonely = async () => 1; exports.version = 2"),
        cjs("module.exports = { default: { run: () => 1 } }"),
        cjs("module.exports = class { static run() { return 1 } }.run"),
    ];
    for form in forms {
        let code = form.code.clone();
        assert_eq!(run(vec![form]).await, Ok(Some(json!(1))), "{code}");
    }
}

#[tokio::test]
async fn a_module_without_the_function_says_what_it_has() {
    let result = run(vec![module(
        "main.js",
        CommonJs,
        "exports.a = () => 1; exports.b = () => 2",
        &[],
    )])
    .await;
    let expected = ScriptError::NoFunction {
        wanted: "run".to_owned(),
        exports: vec!["a".to_owned(), "b".to_owned()],
    };
    assert_eq!(result, Err(expected.clone()));
    assert_eq!(
        expected.to_string(),
        "no function `run` is exported; the module exports `a`, `b`"
    );
    let nothing = run(vec![module("main.js", CommonJs, "", &[])]).await;
    assert_eq!(
        nothing,
        Err(ScriptError::NoFunction {
            wanted: "run".to_owned(),
            exports: Vec::new()
        })
    );
}

#[tokio::test]
async fn modules_import_each_other_in_all_combinations() {
    let main = "const a = await __vite_ssr_import__('./a.js', {importedNames: ['a']});
        const c = await __vite_ssr_import__('./c.js');
        const d = await __vite_ssr_import__('./d.json');
        const crypto = await __vite_ssr_import__('node:crypto');
        const lazy = await __vite_ssr_dynamic_import__('./lazy.js');
        "
    .to_owned()
        + &export(
            "default",
            "() => [a.a, a.all, c.default.name, c.name, d.default.x, d.x, typeof crypto.createHmac, typeof crypto.default.createHmac, lazy.default, a.missing === undefined]",
        );
    let modules = vec![
        module(
            "main.js",
            Esm,
            &main,
            &[
                ("./a.js", "a.js"),
                ("./c.js", "c.js"),
                ("./d.json", "d.json"),
                ("./lazy.js", "lib/lazy.js"),
                ("node:crypto", "crypto"),
            ],
        ),
        module(
            "a.js",
            Esm,
            &("const b = await __vite_ssr_import__('./b.js'); __vite_ssr_exportAll__(b);"
                .to_owned()
                + &export("a", "'a'")),
            &[("./b.js", "b.js")],
        ),
        module(
            "b.js",
            Esm,
            &(export("all", "'all'") + &export("default", "'not re-exported'")),
            &[],
        ),
        module(
            "c.js",
            CommonJs,
            "const b = require('./b.js'); const d = require('./d.json'); exports.name = 'c' + b.all + d.x",
            &[("./b.js", "b.js"), ("./d.json", "d.json")],
        ),
        module("d.json", Json, "{\"x\": \"ü\"}", &[]),
        module(
            "lib/lazy.js",
            CommonJs,
            "module.exports = __filename + ' in ' + __dirname",
            &[],
        ),
    ];
    let expected = json!([
        "a",
        "all",
        "callü",
        "callü",
        "ü",
        "ü",
        "function",
        "function",
        "lib/lazy.js in lib",
        true
    ]);
    assert_eq!(run(modules).await, Ok(Some(expected)));
}

#[tokio::test]
async fn cycles_see_what_is_there_so_far() {
    let cjs = vec![
        module(
            "main.js",
            CommonJs,
            "exports.early = 1; const b = require('./b'); exports.run = () => [b.seen, b.late()]; exports.late = 2",
            &[("./b", "b.js")],
        ),
        module(
            "b.js",
            CommonJs,
            "const a = require('./main'); exports.seen = a.early; exports.late = () => a.late",
            &[("./main", "main.js")],
        ),
    ];
    assert_eq!(run(cjs).await, Ok(Some(json!([1, 2]))));

    let esm = vec![
        module(
            "main.js",
            Esm,
            &("const b = await __vite_ssr_import__('./b.js');".to_owned()
                + &export("run", "() => b.get()")
                + &export("value", "7")),
            &[("./b.js", "b.js")],
        ),
        module(
            "b.js",
            Esm,
            &("const a = await __vite_ssr_import__('./main.js');".to_owned()
                + &export("get", "() => a.value")),
            &[("./main.js", "main.js")],
        ),
    ];
    assert_eq!(run(esm).await, Ok(Some(json!(7))));
}

#[tokio::test]
async fn a_module_is_evaluated_once_and_only_when_it_is_needed() {
    let modules = vec![
        module(
            "main.js",
            CommonJs,
            "globalThis.log = []; if (false) require('./never'); exports.run = () => [require('./a').n, require('./a').n, log]",
            &[("./a", "a.js"), ("./never", "never.js")],
        ),
        module(
            "a.js",
            CommonJs,
            "log.push('a'); exports.n = log.length",
            &[],
        ),
        module("never.js", CommonJs, "log.push('never')", &[]),
    ];
    assert_eq!(run(modules).await, Ok(Some(json!([1, 1, ["a"]]))));
}

#[tokio::test]
async fn strictness_is_that_of_the_format() {
    let sloppy = "exports.run = () => (function () { return typeof this })()";
    assert_eq!(
        run(vec![module("main.js", CommonJs, sloppy, &[])]).await,
        Ok(Some(json!("object")))
    );
    let strict = export("run", "() => (function () { return typeof this })()");
    assert_eq!(
        run(vec![module("main.js", Esm, &strict, &[])]).await,
        Ok(Some(json!("undefined")))
    );
}

#[tokio::test]
async fn a_missing_module_is_an_error_of_the_script() {
    let result = run(vec![module(
        "main.js",
        CommonJs,
        "\nrequire('left-pad')",
        &[],
    )])
    .await;
    let Err(ScriptError::Thrown(thrown)) = result else {
        panic!("{result:?}")
    };
    assert_eq!(
        (thrown.message.as_str(), thrown.key.as_deref()),
        ("Cannot find module 'left-pad'", Some("MODULE_NOT_FOUND"))
    );
    assert_eq!(
        (thrown.frames[0].module.as_str(), thrown.frames[0].line),
        ("main.js", 2)
    );
}

#[tokio::test]
async fn a_method_of_the_result_can_be_called() {
    let code = "exports.run = () => new (class Client { constructor() { this.base = 'b' } get(path) { return this.base + path } })()";
    let with = |method: &str, arguments: Vec<Value>| Call {
        then: Some(Then {
            method: method.to_owned(),
            arguments,
        }),
        ..call()
    };
    let modules = || vec![module("main.js", CommonJs, code, &[])];
    assert_eq!(
        run_call(modules(), with("get", vec![json!("/x")])).await,
        Ok(Some(json!("b/x")))
    );
    let missing = ScriptError::NoFunction {
        wanted: "post".to_owned(),
        exports: vec!["base".to_owned()],
    };
    assert_eq!(
        run_call(modules(), with("post", Vec::new())).await,
        Err(missing)
    );
    assert_eq!(
        run(modules()).await,
        Ok(Some(json!({"base": "b", "get": {"$function": true}})))
    );
}

#[tokio::test]
async fn syntax_errors_have_their_place() {
    let cases = [
        (CommonJs, "const a = 1;\n  const = 2;", 2, 9),
        (Esm, "const = 2;", 1, 7),
        (CommonJs, "let x = ;", 1, 9),
    ];
    for (format, code, line, column) in cases {
        let result = sandbox()
            .compile(&program(vec![module("auth/test.js", format, code, &[])]))
            .await;
        let Err(ScriptError::Syntax { at, message }) = result else {
            panic!("{code} compiles: {result:?}")
        };
        assert_eq!(
            (at.module.as_str(), at.line, at.column),
            ("auth/test.js", line, column),
            "{code}: {message}"
        );
    }
    let json = sandbox()
        .compile(&program(vec![module("a.json", Json, "{\"a\":}", &[])]))
        .await;
    assert!(matches!(json, Err(ScriptError::Syntax { .. })), "{json:?}");
}
