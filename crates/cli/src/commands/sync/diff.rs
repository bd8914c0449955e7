//! `authbridge diff`.

use std::process::ExitCode;

use authbridge_core::Effects;
use http::Method;
use serde_json::{Value, json};

use super::bar::Progress;
use super::local::Local;
use super::plan::{DIFF, Shown};
use super::target::Target;
use crate::args::Diff;
use crate::commands::validate;
use crate::error::CliError;
use crate::output::Output;

/// What a push that prunes would change is what differs.
pub(crate) async fn run(
    args: Diff,
    output: Output,
    effects: &Effects,
) -> Result<ExitCode, CliError> {
    let target = Target::of(&args.place, effects)?;
    let mut local = Local::read(&target.directory, &args.path)?;
    if local.check().is_err() {
        output.note(&local.findings())?;
        local.check()?;
    }
    super::push::keep_published(&mut local, &target.api).await?;
    let elements: Vec<&Value> = local.elements.iter().map(|it| &it.value).collect();
    let body = json!({
        "elements": elements,
        "prune": args.path.is_empty(),
        "force": true,
    });
    let progress = Progress::spinner(output, "comparing".to_owned());
    let answer = target
        .api
        .call(Method::POST, "/workspace/push?dryRun=true", Some(&body))
        .await;
    drop(progress);
    let plan = answer?;
    let shown = Shown::of(&plan, &local.paths(), &DIFF);
    let root = validate::root(&target.directory);
    let ignored = validate::ignored_lines(&root, &local.directory);
    let text = format!("{}{ignored}{}\n", shown.lines, shown.counts(&DIFF));
    output.result(&text, &plan)?;
    Ok(if shown.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}
