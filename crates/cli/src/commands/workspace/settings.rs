//! `authbridge workspace show` and `set`: what a running server's workspace is set to.

use std::path::Path;
use std::process::ExitCode;

use authbridge_core::Effects;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::Method;
use serde_json::{Map, Value, json};

use crate::api::Api;
use crate::args::{Remote, WorkspaceSettings};
use crate::error::CliError;
use crate::output::Output;

/// The largest picture that the server takes.
const MOST_BYTES: usize = 64 * 1024;

pub(super) async fn show(
    remote: &Remote,
    output: Output,
    effects: &Effects,
) -> Result<ExitCode, CliError> {
    let api = Api::new(remote, effects)?;
    let found = api.call(Method::GET, "/workspace", None).await?;
    output.result(&described(&found), &found)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn set(
    wanted: WorkspaceSettings,
    output: Output,
    effects: &Effects,
) -> Result<ExitCode, CliError> {
    let mut patch = patch(&wanted)?;
    let added = [
        ("embeddingOrigins", &wanted.add_embedding_origin),
        ("redirectUris", &wanted.add_redirect_uri),
    ];
    if patch.is_empty() && added.iter().all(|(_, more)| more.is_empty()) {
        return Err(CliError::usage(
            "nothing to set",
            "name a setting, such as `--embedding-origin https://app.example.com`; \
             `authbridge workspace set --help` lists them",
        ));
    }
    let api = Api::new(&wanted.remote, effects)?;
    for (name, more) in added.into_iter().filter(|(_, more)| !more.is_empty()) {
        let known = api.call(Method::GET, "/workspace", None).await?;
        let settings = patch.entry("settings").or_insert_with(|| json!({}));
        if let Value::Object(settings) = settings {
            settings.insert(name.to_owned(), longer(&known, name, more));
        }
    }
    let patch = Value::Object(patch);
    let changed = api.call(Method::PATCH, "/workspace", Some(&patch)).await?;
    output.result(&described(&changed), &changed)?;
    Ok(ExitCode::SUCCESS)
}

/// The list that the workspace has, and what it has not of `more`.
fn longer(workspace: &Value, name: &str, more: &[String]) -> Value {
    let known = workspace.pointer(&format!("/settings/{name}"));
    let known = known.and_then(Value::as_array).cloned();
    let mut list = known.unwrap_or_default();
    for entry in more {
        let entry = json!(entry);
        if !list.contains(&entry) {
            list.push(entry);
        }
    }
    Value::Array(list)
}

/// The body of the request: what is given, with null for what is empty.
fn patch(wanted: &WorkspaceSettings) -> Result<Map<String, Value>, CliError> {
    let mut settings = Map::new();
    let lists = [
        ("embeddingOrigins", &wanted.embedding_origin),
        ("redirectUris", &wanted.redirect_uri),
    ];
    for (name, given) in lists {
        let entries: Vec<&String> = given.iter().filter(|entry| !entry.is_empty()).collect();
        if !given.is_empty() {
            settings.insert(name.to_owned(), json!(entries));
        }
    }
    let unless_empty = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    if let Some(color) = &wanted.brand_color {
        settings.insert("brandColor".to_owned(), json!(unless_empty(color)));
    }
    if let Some(logo) = &wanted.logo {
        let uri = unless_empty(logo).map(|logo| uri_of(&logo)).transpose()?;
        settings.insert("logoUri".to_owned(), json!(uri));
    }
    let mut patch = Map::new();
    if let Some(name) = &wanted.name {
        patch.insert("name".to_owned(), json!(unless_empty(name)));
    }
    if !settings.is_empty() {
        patch.insert("settings".to_owned(), Value::Object(settings));
    }
    Ok(patch)
}

/// A URL as it is; a file as the picture in it (RFC 2397).
fn uri_of(logo: &str) -> Result<String, CliError> {
    if logo.contains("://") || logo.starts_with("data:") {
        return Ok(logo.to_owned());
    }
    let path = Path::new(logo);
    let media_type = path.extension().and_then(|extension| extension.to_str());
    let media_type = match media_type.map(str::to_ascii_lowercase).as_deref() {
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("webp") => "image/webp",
        Some("gif") => "image/gif",
        Some("avif") => "image/avif",
        Some("ico") => "image/x-icon",
        Some(_) | None => {
            return Err(CliError::usage(
                format!("`{logo}` is no picture that browsers show"),
                "give a file of type svg, png, jpg, webp, gif, avif or ico, or a URL",
            ));
        }
    };
    let bytes = std::fs::read(path)
        .map_err(|error| CliError::failed(format!("`{logo}` cannot be read: {error}")))?;
    if bytes.len() > MOST_BYTES {
        return Err(CliError::usage(
            format!(
                "`{logo}` has {} bytes, and a logo has at most {MOST_BYTES}",
                bytes.len()
            ),
            "make it smaller: it is shown 40 pixels high",
        ));
    }
    let encoded = BASE64_STANDARD.encode(bytes);
    Ok(format!("data:{media_type};base64,{encoded}"))
}

fn described(workspace: &Value) -> String {
    let settings = workspace.get("settings").unwrap_or(&Value::Null);
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let list = |name: &str| {
        let entries = settings.get(name).and_then(Value::as_array);
        let entries = entries.into_iter().flatten().filter_map(Value::as_str);
        let entries: Vec<&str> = entries.collect();
        (!entries.is_empty()).then(|| entries.join("\n                    "))
    };
    let logo = text(settings.get("logoUri")).map(|uri| match uri.strip_prefix("data:") {
        Some(_) => format!("a picture ({} bytes as text)", uri.len()),
        None => uri,
    });
    let rows = [
        ("workspace", text(workspace.get("key")), "-"),
        ("name", text(workspace.get("name")), "-"),
        (
            "embedding origins",
            list("embeddingOrigins"),
            "none: only `serve --dev` pages can be embedded",
        ),
        (
            "redirect URIs",
            list("redirectUris"),
            "none but the user's own machine",
        ),
        ("brand colour", text(settings.get("brandColor")), "-"),
        ("logo", logo, "-"),
    ];
    let row = |(name, value, without): (&str, Option<String>, &str)| {
        let value = value.unwrap_or_else(|| without.to_owned());
        format!("{name:<18}  {value}\n")
    };
    rows.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_become_addresses_and_urls_stay() {
        assert_eq!(
            uri_of("https://a.example/x.svg").unwrap(),
            "https://a.example/x.svg"
        );
        assert!(
            uri_of("notes.txt")
                .unwrap_err()
                .to_string()
                .contains("no picture")
        );
        assert!(
            uri_of("missing.png")
                .unwrap_err()
                .to_string()
                .contains("cannot be read")
        );
    }

    #[test]
    fn settings_are_described() {
        let workspace = json!({ "key": "acme", "name": "Acme", "settings": {
            "embeddingOrigins": ["https://a.example", "https://b.example"],
            "logoUri": "data:image/png;base64,AAAA" } });
        insta::assert_snapshot!(described(&workspace), @r"
        workspace           acme
        name                Acme
        embedding origins   https://a.example
                            https://b.example
        redirect URIs       none but the user's own machine
        brand colour        -
        logo                a picture (26 bytes as text)
        ");
    }
}
