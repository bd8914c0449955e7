//! The author's own tests of a connector: `tests/*.yml`, and what the simulated API answers.
//!
//! This module reads them; whoever runs them decides how.

mod model;
mod read;

use authbridge_core::connector::Connector;

use crate::connector::{ConnectorDefaults, Files, find_base};
use crate::tree::has_extension;
use crate::{Bundle, Diagnostic, Sources};

pub use model::{
    Answer, Case, CaseTarget, Exchange, Expected, ExpectedRequest, Provider, Route, SentRequest,
};

/// The directory of test files, below that of the spec.
const DIRECTORY: &str = "tests/";

/// The name, without extension, of the file about the simulated API.
const PROVIDER: &str = "provider";

/// The test files of one connector, as far as they could be read.
#[derive(Debug, Default)]
pub struct Cases {
    /// In order of file, and in a file in its order.
    pub cases: Vec<Case>,
    /// What `tests/provider.yml` says.
    pub provider: Option<Provider>,
    /// About the test files alone, in order of file and line.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that the diagnostics point into.
    pub sources: Sources,
}

/// Reads the test files in `bundle`, next to the definition that
/// [`load_connector`](crate::load_connector) finds with the same `defaults`.
///
/// With a `connector`, options, functions and operations that it does not have are reported. A
/// case that cannot be used is left out and has an error among the diagnostics; the definition
/// itself is as usable as before.
pub fn load_cases(
    bundle: &Bundle,
    defaults: &ConnectorDefaults,
    connector: Option<&Connector>,
) -> Cases {
    let mut files = Files::new(bundle);
    let base = find_base(bundle, defaults).unwrap_or_default();
    let (cases, provider) = read_all(&mut files, &base, connector);
    let (diagnostics, sources) = files.report.finish();
    Cases {
        cases,
        provider,
        diagnostics,
        sources,
    }
}

/// Reads the test files below `base`, and reports what is wrong with them.
pub(crate) fn read_all(
    files: &mut Files<'_>,
    base: &str,
    connector: Option<&Connector>,
) -> (Vec<Case>, Option<Provider>) {
    let paths: Vec<&str> = files
        .below(base)
        .filter(|path| is_test_file(path.get(base.len()..).unwrap_or_default()))
        .collect();
    let mut cases = Vec::new();
    let mut provider = None;
    for path in paths {
        let Some(root) = files.data(path) else {
            continue;
        };
        if stem(path) == PROVIDER {
            provider = read::provider(&root, &mut files.report).or(provider);
        } else {
            cases.extend(read::cases(&root, stem(path), connector, &mut files.report));
        }
    }
    (cases, provider)
}

/// Whether the file at this path, seen from the spec, has test cases. Those in directories below
/// `tests/` have none.
pub(crate) fn is_test_file(inner: &str) -> bool {
    inner
        .strip_prefix(DIRECTORY)
        .is_some_and(|name| !name.contains('/') && has_extension(name, &["yml", "yaml", "json"]))
}

/// The name of a file without directory and extension.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

#[cfg(test)]
mod tests;
