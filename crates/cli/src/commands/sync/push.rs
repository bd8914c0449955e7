//! `authbridge push`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::time::Duration;

use authbridge_core::Effects;
use authbridge_definition::Bundle;
use http::Method;
use serde_json::{Map, Value, json};

use super::bar::Progress;
use super::local::{Local, Name};
use super::plan::{PUSH, Shown};
use super::state::State;
use super::target::Target;
use crate::api::Api;
use crate::args::Push;
use crate::commands::validate;
use crate::commands::watch::Changes;
use crate::error::CliError;
use crate::output::Output;
use crate::signals::StopSignals;

/// Editors save in a few steps; a saved file shall be live at once.
const ONE_CHANGE: Duration = Duration::from_millis(40);

pub(crate) async fn run(
    args: Push,
    output: Output,
    effects: &Effects,
) -> Result<ExitCode, CliError> {
    let target = Target::of(&args.place, effects)?;
    // Watched from before it is read, so that nothing is missed.
    let changes = if args.watch {
        Some(Changes::of(&target.directory, None, ONE_CHANGE)?)
    } else {
        None
    };
    let mut pushed = BTreeMap::new();
    let first = push(&args, &target, output, None, &mut pushed).await;
    let Some(changes) = changes else {
        first?;
        return Ok(ExitCode::SUCCESS);
    };
    if let Err(error) = first {
        let _code = output.failure(&error);
    }
    watch(&args, &target, output, changes, pushed).await
}

/// What was pushed, to push only what changed.
type Known = BTreeMap<Name, String>;

async fn watch(
    args: &Push,
    target: &Target,
    output: Output,
    mut changes: Changes,
    mut pushed: Known,
) -> Result<ExitCode, CliError> {
    output.note(&format!(
        "watching `{}`; Ctrl-C ends",
        target.directory.display()
    ))?;
    let mut stop = StopSignals::new()?;
    loop {
        tokio::select! {
            () = stop.next() => return Ok(ExitCode::SUCCESS),
            () = changes.next() => {}
        }
        let known = pushed.clone();
        if let Err(error) = push(args, target, output, Some(&known), &mut pushed).await {
            // A file that is half written now is whole soon.
            let _code = output.failure(&error);
        }
    }
}

/// Pushes what is in the directory; with `known`, what is not known yet.
async fn push(
    args: &Push,
    target: &Target,
    output: Output,
    known: Option<&Known>,
    pushed: &mut Known,
) -> Result<(), CliError> {
    let mut local = Local::read(&target.directory, &args.path)?;
    let findings = local.findings();
    if !findings.is_empty() {
        output.note(&findings)?;
    }
    local.check()?;
    let texts: Known = local
        .elements
        .iter()
        .map(|element| (element.name.clone(), element.value.to_string()))
        .collect();
    if let Some(known) = known.filter(|_| !args.prune) {
        local
            .elements
            .retain(|element| known.get(&element.name) != texts.get(&element.name));
        if local.elements.is_empty() {
            return Ok(());
        }
    }
    keep_published(&mut local, &target.api).await?;
    let state = State::read(&target.directory);
    let plan = send(args, target, output, &local, &state).await?;
    if !args.dry_run {
        if let Some(revision) = plan.get("revision").and_then(Value::as_u64) {
            state.write(&target.name, revision)?;
        }
        pushed.extend(texts);
    }
    show(args, target, output, &local, plan, known.is_some())
}

async fn send(
    args: &Push,
    target: &Target,
    output: Output,
    local: &Local,
    state: &State,
) -> Result<Value, CliError> {
    let elements: Vec<&Value> = local.elements.iter().map(|it| &it.value).collect();
    let mut body = json!({
        "elements": elements,
        "prune": args.prune,
        "force": args.force,
    });
    if let (Some(members), Some(revision)) = (body.as_object_mut(), state.revision(&target.name)) {
        members.insert("baseRevision".to_owned(), revision.into());
    }
    let path = if args.dry_run {
        "/workspace/push?dryRun=true"
    } else {
        "/workspace/push"
    };
    let count = validate::counted(local.elements.len(), "element");
    let progress = Progress::spinner(output, format!("pushing {count}"));
    let answer = target.api.call(Method::POST, path, Some(&body)).await;
    drop(progress);
    answer.map_err(|error| explained(error, local))
}

/// What a refusal of the server means here.
fn explained(error: CliError, local: &Local) -> CliError {
    let CliError::Api {
        status, mut body, ..
    } = error
    else {
        return error;
    };
    let paths = local.paths();
    let issues = body
        .pointer_mut("/data/issues")
        .and_then(Value::as_array_mut);
    for issue in issues.into_iter().flatten() {
        let path = paths.get(&Name::of(issue)).map(|path| (*path).to_owned());
        if let (Some(members), Some(path)) = (issue.as_object_mut(), path) {
            members.insert("path".to_owned(), path.into());
        }
    }
    let is_conflict = status == http::StatusCode::CONFLICT;
    let mut error = CliError::api(status, body);
    if let CliError::Api { hint, .. } = &mut error
        && is_conflict
    {
        *hint = Some(
            "`authbridge pull` brings the workspace's changes here, `authbridge diff` shows what \
             differs; `--force` pushes over them"
                .to_owned(),
        );
    }
    error
}

fn show(
    args: &Push,
    target: &Target,
    output: Output,
    local: &Local,
    mut plan: Value,
    is_again: bool,
) -> Result<(), CliError> {
    let shown = Shown::of(&plan, &local.paths(), &PUSH);
    let root = validate::root(&target.directory);
    let ignored = if is_again {
        String::new()
    } else {
        validate::ignored_lines(&root, &local.directory)
    };
    let counts = shown.counts(&PUSH);
    let end = if args.dry_run {
        format!("dry run: {counts}; nothing was pushed\n")
    } else {
        format!("pushed: {counts}\n")
    };
    if let Some(members) = plan.as_object_mut() {
        members.insert("dryRun".to_owned(), args.dry_run.into());
        members.insert("ignored".to_owned(), json!(local.directory.ignored));
    }
    output.result(&format!("{}{ignored}{end}", shown.lines), &plan)?;
    Ok(())
}

/// A published version never changes. Where the server has one under other file names (uploaded by
/// another command line, say) that says the same, it is pushed as the server has it.
pub(super) async fn keep_published(local: &mut Local, api: &Api) -> Result<(), CliError> {
    if local.elements.iter().all(|it| it.name.version.is_none()) {
        return Ok(());
    }
    let snapshot = api.call(Method::GET, "/workspace/elements", None).await?;
    let known: BTreeMap<Name, &Value> = snapshot
        .get("elements")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|element| element.get("version").is_some())
        .filter_map(|element| Some((Name::of(element), element.get("files")?)))
        .collect();
    for element in &mut local.elements {
        let Some(files) = known.get(&element.name) else {
            continue;
        };
        if is_same_version(&element.name.key, &element.value, files)
            && let Some(members) = element.value.as_object_mut()
        {
            members.insert("files".to_owned(), (*files).clone());
        }
    }
    Ok(())
}

/// Whether both have the same definition; a record of the connector may stand beside one of them.
fn is_same_version(key: &str, ours: &Value, theirs: &Value) -> bool {
    let empty = Map::new();
    let ours = ours
        .get("files")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    let Ok(theirs) = Bundle::from_json(theirs) else {
        return false;
    };
    let theirs = theirs.as_pushed(key);
    let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    names.into_iter().all(|name| {
        let is_record =
            !name.contains('/') && name.rsplit_once('.').is_some_and(|(stem, _)| stem == key);
        let ours = ours.get(name).and_then(Value::as_str);
        let theirs = theirs.get(name).map(String::as_str);
        ours == theirs || (is_record && (ours.is_none() || theirs.is_none()))
    })
}
