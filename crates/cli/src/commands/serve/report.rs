//! What loading a directory did, on standard error: standard output is for results.

use std::io::Write as _;
use std::path::Path;

use authbridge_definition::Severity;
use authbridge_engine::LoadReport;

use crate::args::LogFormat;
use crate::commands::validate;

pub(super) fn show(path: &Path, report: &LoadReport, format: LogFormat) {
    match format {
        LogFormat::Text => print(path, report),
        LogFormat::Json => log(report),
    }
}

fn print(path: &Path, report: &LoadReport) {
    let mut text = validate::text(path, &report.directory);
    for element in &report.loaded {
        if let Err(error) = &element.outcome {
            text.push_str(&format!(
                "not loaded   {} {}: {error}\n",
                element.kind, element.key
            ));
        }
    }
    // A closed standard error is no reason not to serve.
    let _ignored = anstream::stderr().write_all(text.as_bytes());
}

fn log(report: &LoadReport) {
    for diagnostic in &report.directory.diagnostics {
        let code = diagnostic.code.id();
        let (file, line) = (&diagnostic.file, diagnostic.line);
        let message = &diagnostic.message;
        match diagnostic.severity {
            Severity::Error => tracing::error!(code, file, line, "{message}"),
            Severity::Warning => tracing::warn!(code, file, line, "{message}"),
            Severity::Note => tracing::info!(code, file, line, "{message}"),
        }
    }
    for element in &report.loaded {
        if let Err(error) = &element.outcome {
            let error: &dyn std::error::Error = error;
            tracing::error!(kind = element.kind, key = element.key, error, "not loaded");
        }
    }
}
