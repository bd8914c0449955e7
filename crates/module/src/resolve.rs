//! Which file or built-in module a specifier means.

use crate::builtins::{BUILTINS, Builtin, why_absent};
use crate::limits;
use crate::problem::ProblemKind;
use crate::source::Language;

/// What a specifier means, before looking whether there is such a file.
pub(crate) enum Target {
    /// A built-in module.
    Builtin(&'static Builtin),
    /// One of these files: the first that exists.
    Files(Vec<String>),
}

/// Why a specifier means nothing.
pub(crate) struct Unresolved {
    pub(crate) kind: ProblemKind,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Unresolved {
    fn new(kind: ProblemKind, message: String, help: String) -> Self {
        Self {
            kind,
            message,
            help: Some(help),
        }
    }
}

/// Appended to what is written, in this order, when there is no such file.
const EXTENSIONS: [&str; 9] = [
    ".js", ".ts", ".json", ".yml", ".yaml", ".mjs", ".cjs", ".mts", ".cts",
];

/// What is looked for in a directory.
const INDEX_FILES: [&str; 2] = ["index.js", "index.ts"];

/// What TypeScript's authors write, and the file that they mean.
const COMPILED_NAMES: [(&str, &str); 3] = [(".js", ".ts"), (".mjs", ".mts"), (".cjs", ".cts")];

/// Files that are neither code nor data.
const FOREIGN: [&str; 20] = [
    "cer", "css", "csv", "gif", "graphql", "htm", "html", "jpeg", "jpg", "jsx", "key", "md",
    "node", "pem", "png", "svg", "tsx", "txt", "wasm", "xml",
];

/// What `specifier` means in the file `importer`.
pub(crate) fn resolve(importer: &str, specifier: &str) -> Result<Target, Unresolved> {
    if specifier.len() > limits::SPECIFIER_BYTES {
        let message = "the name of this import is too long".to_owned();
        let help = format!("the limit is {} bytes", limits::SPECIFIER_BYTES);
        return Err(Unresolved::new(ProblemKind::Limit, message, help));
    }
    if let Some(builtin) = Builtin::of_specifier(specifier) {
        return Ok(Target::Builtin(builtin));
    }
    if !is_relative(specifier) {
        return Err(bare(specifier));
    }
    let directory = importer
        .rsplit_once('/')
        .map_or("", |(directory, _)| directory);
    let Some(path) = join(directory, specifier) else {
        return Err(Unresolved::new(
            ProblemKind::OutsideConnector,
            format!("`{specifier}` is outside of the connector"),
            "a function can import files of its own connector and built-in modules".to_owned(),
        ));
    };
    let last = specifier.rsplit('/').next().unwrap_or_default();
    Ok(Target::Files(candidates(
        &path,
        matches!(last, "" | "." | ".."),
    )))
}

/// The error for a relative import of which none of `tried` exists.
pub(crate) fn missing(specifier: &str, tried: &[String]) -> Unresolved {
    let name = specifier.rsplit('/').next().unwrap_or(specifier);
    let extension = name
        .rsplit_once('.')
        .map(|(_, extension)| extension.to_ascii_lowercase());
    if extension.is_some_and(|extension| FOREIGN.contains(&extension.as_str())) {
        return Unresolved::new(
            ProblemKind::UnsupportedFile,
            format!("`{specifier}` cannot be imported"),
            "only JavaScript, TypeScript, JSON and YAML files can".to_owned(),
        );
    }
    let tried: Vec<_> = tried.iter().map(|path| format!("`{path}`")).collect();
    Unresolved::new(
        ProblemKind::MissingFile,
        format!("there is no file `{specifier}`"),
        format!("looked for {}", tried.join(", ")),
    )
}

/// The path without `.`, `..` and doubled slashes; `None` when it leaves the root.
pub(crate) fn join(directory: &str, path: &str) -> Option<String> {
    let mut parts = Vec::new();
    for part in directory.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

fn is_relative(specifier: &str) -> bool {
    matches!(specifier, "." | "..") || specifier.starts_with("./") || specifier.starts_with("../")
}

fn candidates(path: &str, is_directory: bool) -> Vec<String> {
    let mut candidates = Vec::new();
    if !is_directory {
        if Language::of_path(path).is_some() {
            candidates.push(path.to_owned());
        }
        candidates.extend(EXTENSIONS.map(|extension| format!("{path}{extension}")));
        let swapped = COMPILED_NAMES.iter().find_map(|(compiled, source)| {
            path.strip_suffix(compiled)
                .map(|stem| format!("{stem}{source}"))
        });
        // Right after the name itself: `./x.js` rather means `x.ts` than `x.js.js`.
        if let Some(swapped) = swapped {
            candidates.insert(1, swapped);
        }
    }
    let directory = if path.is_empty() {
        String::new()
    } else {
        format!("{path}/")
    };
    candidates.extend(INDEX_FILES.map(|name| format!("{directory}{name}")));
    candidates
}

fn bare(specifier: &str) -> Unresolved {
    let names: Vec<_> = BUILTINS
        .iter()
        .map(|builtin| format!("`{}`", builtin.name))
        .collect();
    let list = format!("there are {}", names.join(", "));
    if let Some(reason) = why_absent(specifier) {
        let message = format!("`{specifier}` is not available: {reason}");
        return Unresolved::new(ProblemKind::NodeBuiltin, message, list);
    }
    let message = format!("there is no module `{specifier}`");
    let help = if specifier.starts_with('/') || specifier.contains('\\') {
        "write the path of a file from the importing one, with `./` or `../` in front".to_owned()
    } else if specifier.contains("://") {
        format!("modules are not loaded from the network; {list}")
    } else if let Some(name) = similar(specifier) {
        format!("did you mean `{name}`? {list}")
    } else if Language::of_path(specifier).is_some() {
        format!("for a file of the connector write `./{specifier}`; {list}")
    } else {
        format!("{list}; packages from npm are not installed")
    };
    Unresolved::new(ProblemKind::UnknownImport, message, help)
}

fn similar(specifier: &str) -> Option<&'static str> {
    let names = BUILTINS
        .iter()
        .flat_map(|builtin| builtin.aliases.iter().chain([&builtin.name]));
    let scored = names.map(|name| (strsim::damerau_levenshtein(specifier, name), *name));
    let (distance, name) = scored.min_by_key(|(distance, _)| *distance)?;
    (distance <= name.len() / 3).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_and_stay_inside() {
        assert_eq!(join("auth/lib", "../x.js").as_deref(), Some("auth/x.js"));
        assert_eq!(join("", "./x//y/../z").as_deref(), Some("x/z"));
        assert_eq!(join("auth", "../../x.js"), None);
    }

    fn files(importer: &str, specifier: &str) -> Vec<String> {
        match resolve(importer, specifier) {
            Ok(Target::Files(files)) => files,
            Ok(Target::Builtin(builtin)) => panic!("{}", builtin.name),
            Err(unresolved) => panic!("{}", unresolved.message),
        }
    }

    #[test]
    fn a_relative_import_is_tried_as_written_then_with_extensions_then_as_a_directory() {
        let tried = files("auth/test.js", "./x");
        assert_eq!(tried.first().map(String::as_str), Some("auth/x.js"));
        assert_eq!(tried.last().map(String::as_str), Some("auth/x/index.ts"));
        assert_eq!(
            files("auth/test.js", "./x.js")[..2],
            ["auth/x.js", "auth/x.ts"]
        );
        assert_eq!(files("auth/test.js", "./client.v2")[0], "auth/client.v2.js");
        assert_eq!(
            files("auth/test.js", "."),
            ["auth/index.js", "auth/index.ts"]
        );
        assert_eq!(files("auth/test.js", ".."), ["index.js", "index.ts"]);
    }

    #[test]
    fn what_is_missing_says_what_could_have_been_meant() {
        let help = |specifier: &str| match resolve("a.js", specifier) {
            Err(Unresolved { kind, help, .. }) => (kind, help.unwrap_or_default()),
            Ok(_) => panic!("{specifier} resolved"),
        };
        assert!(help("cripto").1.starts_with("did you mean `crypto`?"));
        assert!(help("lodash").1.contains("`axios`"));
        assert!(help("helpers.js").1.contains("`./helpers.js`"));
        assert!(help("https://esm.sh/x").1.contains("network"));
        assert!(help("/etc/passwd").1.contains("`./`"));
        assert_eq!(help("fs").0, ProblemKind::NodeBuiltin);
        assert_eq!(help("../up").0, ProblemKind::OutsideConnector);
        assert_eq!(help(&"x".repeat(5000)).0, ProblemKind::Limit);
    }

    #[test]
    fn files_that_are_no_code_are_told_apart() {
        assert_eq!(
            missing("./logo.svg", &[]).kind,
            ProblemKind::UnsupportedFile
        );
        assert_eq!(missing("./client.v2", &[]).kind, ProblemKind::MissingFile);
    }
}
