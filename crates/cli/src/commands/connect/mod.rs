//! `authbridge connect`: connects an account, in a browser where its type needs one.
//!
//! The server is asked to connect without a browser first; most types are done then. Where it
//! answers with a redirect, a browser submits the same form as this command did.

mod ask;
mod attempt;
mod browser;
mod fields;
mod input;
mod outcome;
mod page;
mod target;

use std::process::ExitCode;
use std::time::Duration;

use authbridge_core::Effects;
use authbridge_core::auth::oauth2::pkce::unguessable;
use indicatif::ProgressBar;
use serde_json::Value;
use tokio::time::timeout;
use url::Url;

use super::connections;
use crate::api::Api;
use crate::args::Connect;
use crate::error::CliError;
use crate::output::Output;
use crate::signals::StopSignals;
use attempt::{Attempt, Begun};
use page::Page;
use target::Target;

pub(super) async fn run(
    args: Connect,
    output: Output,
    effects: &Effects,
) -> Result<ExitCode, CliError> {
    let mut stop = StopSignals::new()?;
    let (api, connection) = tokio::select! {
        connected = connect(&args, output, effects) => connected?,
        () = stop.next() => return Err(interrupted()),
    };
    let text = if output.is_json() {
        String::new()
    } else {
        connections::summary(&api, &connection).await?
    };
    output.result(&text, &connection)?;
    Ok(ExitCode::SUCCESS)
}

fn interrupted() -> CliError {
    CliError::failed_with_hint(
        "interrupted: this command waits no longer",
        "a browser that is under way may still finish; `authbridge connections list` tells",
    )
}

async fn connect(
    args: &Connect,
    output: Output,
    effects: &Effects,
) -> Result<(Api, Value), CliError> {
    let (api, target) = Target::find(args, effects).await?;
    let input = input::gather(args, target.schema()).await?;
    if args.link {
        refuse_secrets(&target, &input)?;
    }
    let payload = target.payload(args, input, unguessable(effects)).await?;
    let attempt = Attempt::new(&api, payload);
    let waiting = async {
        match attempt.begin().await? {
            Begun::Done => outcome::wait(&api, attempt.request_id()).await,
            Begun::NeedsBrowser(location) => {
                in_browser(args, output, effects, &attempt, location).await
            }
        }
    };
    let waited = timeout(args.timeout, waiting).await;
    let connection = outcome::connection(waited.map_err(|_| too_late(args.timeout))??)?;
    Ok((api, connection))
}

/// Sends the user to a browser, and waits until the server says how it went.
async fn in_browser(
    args: &Connect,
    output: Output,
    effects: &Effects,
    attempt: &Attempt<'_>,
    location: Option<Url>,
) -> Result<Value, CliError> {
    let host = location.as_ref().and_then(Url::host_str);
    let wait = outcome::wait(attempt.api(), attempt.request_id());
    if args.link {
        browser::print(output, &attempt.link()?)?;
        let _spinner = Spinner::start(output, host);
        return wait.await;
    }
    let action = attempt.address("/connect")?;
    let page = Page::listen(args.port, &action, attempt.payload(), effects).await?;
    show(args, output, page.url())?;
    let _spinner = Spinner::start(output, host);
    tokio::select! {
        outcome = wait => outcome,
        error = page.serve() => Err(error.into()),
    }
}

fn show(args: &Connect, output: Output, url: &Url) -> Result<(), CliError> {
    let opens = !args.no_browser && browser::is_here() && browser::open(url);
    if opens {
        output.note("a browser opens; if it does not:")?;
    }
    browser::print(output, url)?;
    if !opens {
        output.note(
            "this URL works once, in a browser on this machine; \
             `authbridge connect --help` says how from another",
        )?;
    }
    Ok(())
}

/// What is typed unseen shall not be seen in a link.
fn refuse_secrets(target: &Target, input: &Value) -> Result<(), CliError> {
    let secret = fields::of(target.schema())
        .into_iter()
        .find(|field| field.is_secret && input.get(field.name).is_some());
    let Some(field) = secret else {
        return Ok(());
    };
    Err(CliError::usage(
        format!(
            "with `--link` the secret `{}` would stand in a URL",
            field.name
        ),
        "leave `--link` out",
    ))
}

fn too_late(patience: Duration) -> CliError {
    CliError::failed_with_hint(
        format!(
            "nothing was heard from the browser in {} s",
            patience.as_secs()
        ),
        "run the command again; `--timeout 30m` waits longer, the external app's page works for ten minutes",
    )
}

/// Moves while the user is elsewhere; only on a terminal.
struct Spinner(ProgressBar);

impl Spinner {
    fn start(output: Output, host: Option<&str>) -> Self {
        let bar = if output.is_json() {
            ProgressBar::hidden()
        } else {
            ProgressBar::new_spinner()
        };
        bar.set_message(match host {
            Some(host) => format!("waiting for what happens at {host}; Ctrl-C ends"),
            None => "waiting for what happens in the browser; Ctrl-C ends".to_owned(),
        });
        bar.enable_steady_tick(Duration::from_millis(100));
        Self(bar)
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
