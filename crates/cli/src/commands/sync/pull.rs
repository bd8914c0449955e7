//! `authbridge pull`.

use std::fs;
use std::process::ExitCode;

use authbridge_core::Effects;
use http::Method;
use serde_json::{Value, json};

use super::bar::Progress;
use super::edits::{Kind, Planner, Steps};
use super::local::Local;
use super::state::State;
use super::target::Target;
use super::write::write;
use crate::args::Pull;
use crate::commands::validate;
use crate::error::CliError;
use crate::output::{Output, printable};

pub(crate) async fn run(
    args: Pull,
    output: Output,
    effects: &Effects,
) -> Result<ExitCode, CliError> {
    let target = Target::of(&args.place, effects)?;
    let progress = Progress::spinner(output, "pulling".to_owned());
    let answer = target
        .api
        .call(Method::GET, "/workspace/elements", None)
        .await;
    drop(progress);
    let snapshot = answer?;
    let (Some(elements), Some(revision)) = (
        snapshot.get("elements").and_then(Value::as_array),
        snapshot.get("revision").and_then(Value::as_u64),
    ) else {
        return Err(CliError::failed(
            "the server does not answer as Authbridge does",
        ));
    };
    if !args.dry_run {
        fs::create_dir_all(&target.directory)?;
    }
    let local = Local::read(&target.directory, &[])?;
    if local.check().is_err() {
        // What cannot be read is not known to be there.
        output.note(&local.findings())?;
    }
    let steps = Planner::new(&local, args.force).plan(elements, args.prune)?;
    if !args.dry_run {
        write(&target.directory, &steps.files, output)?;
        State::read(&target.directory).write(&target.name, revision)?;
    }
    show(&args, &target, output, &steps, revision)?;
    Ok(ExitCode::SUCCESS)
}

fn show(
    args: &Pull,
    target: &Target,
    output: Output,
    steps: &Steps,
    revision: u64,
) -> Result<(), CliError> {
    let root = validate::root(&target.directory);
    let mut text = String::new();
    for step in &steps.files {
        let (word, colour) = match step.kind {
            Kind::Created => ("created", 32),
            Kind::Changed => ("changed", 33),
            Kind::Removed => ("removed", 31),
        };
        let path = printable(&step.path);
        text.push_str(&format!(
            "\u{1b}[{colour}m{word:<10}\u{1b}[0m {root}{path}\n"
        ));
    }
    for path in &steps.only_here {
        text.push_str(&format!("only here  {root}{}\n", printable(path)));
    }
    for (what, why) in &steps.skipped {
        text.push_str(&format!("skipped    {}: {why}\n", printable(what)));
    }
    let of = |kind| steps.files.iter().filter(|step| step.kind == kind).count();
    let counts = format!(
        "{} created, {} changed, {} removed; {} unchanged",
        validate::counted(of(Kind::Created), "file"),
        of(Kind::Changed),
        of(Kind::Removed),
        validate::counted(steps.unchanged, "element"),
    );
    text.push_str(&if args.dry_run {
        format!("dry run: {counts}; nothing was written\n")
    } else {
        format!("pulled: {counts}\n")
    });
    let paths = |kind| -> Vec<&str> {
        let files = steps.files.iter().filter(|step| step.kind == kind);
        files.map(|step| step.path.as_str()).collect()
    };
    let skipped = steps.skipped.iter();
    let value = json!({
        "revision": revision,
        "dryRun": args.dry_run,
        "created": paths(Kind::Created),
        "changed": paths(Kind::Changed),
        "removed": paths(Kind::Removed),
        "onlyHere": steps.only_here,
        "skipped": skipped.map(|(what, why)| json!({"what": what, "why": why})).collect::<Vec<_>>(),
        "unchanged": steps.unchanged,
    });
    output.result(&text, &value)?;
    Ok(())
}
