//! A request as its signature covers it.

use std::borrow::Cow;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderMap, request};
use percent_encoding::percent_decode_str;

use super::refusal::{FORM, Refusal};
use super::signature::base_string;
use crate::query;

/// What is not signed (RFC 5849 section 3.4.1.3.1).
const SIGNATURE: &str = "oauth_signature";

/// A signed request.
pub(super) struct Message {
    method: String,
    /// In lower case, with its port where it names one.
    host: String,
    path: String,
    /// Of all places, decoded, without the signature and the realm.
    parameters: Vec<(String, String)>,
    /// Those of the protocol, with the signature.
    protocol: Vec<(String, String)>,
    /// Whether the body is a form, which is signed.
    pub(super) has_form: bool,
}

impl Message {
    /// Reads a request, of which `body` is all; `None` when it has no parameter of the protocol.
    pub(super) fn read(head: &request::Parts, body: &[u8]) -> Result<Option<Self>, Refusal> {
        let has_form = is_form(&head.headers);
        let form = has_form.then(|| String::from_utf8_lossy(body));
        let places = [
            in_header(&head.headers),
            owned(query::pairs(head.uri.query())),
            owned(query::pairs(form.as_deref())),
        ];
        let is_protocol = |(name, _): &&(String, String)| name.starts_with("oauth_");
        let with_some = places
            .iter()
            .filter(|pairs| pairs.iter().any(|it| is_protocol(&it)));
        if with_some.count() > 1 {
            // RFC 5849 section 3.5.
            return Err(Refusal::rejected("oauth_signature"));
        }
        let mut parameters = places.concat();
        let protocol: Vec<_> = parameters.iter().filter(is_protocol).cloned().collect();
        if protocol.is_empty() {
            return Ok(None);
        }
        let mut names: Vec<_> = protocol.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        if let Some([name, _]) = names.array_windows().find(|[one, other]| one == other) {
            return Err(Refusal::rejected(name));
        }
        parameters.retain(|(name, _)| name != SIGNATURE);
        Ok(Some(Self {
            method: head.method.to_string(),
            host: host(head),
            path: head.uri.path().to_owned(),
            parameters,
            protocol,
            has_form,
        }))
    }

    /// A parameter of the protocol that is there and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.protocol.iter().find(|(given, _)| given == name);
        let value = found.map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty())
    }

    /// A parameter of the protocol that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| Refusal::absent(name))
    }

    pub(super) fn signature(&self) -> Result<&str, Refusal> {
        self.required(SIGNATURE)
    }

    /// The base string, had the request been made by `scheme`.
    pub(super) fn base_string(&self, scheme: &str) -> String {
        let default_port = if scheme == "https" { ":443" } else { ":80" };
        let host = self.host.strip_suffix(default_port).unwrap_or(&self.host);
        let base_uri = format!("{scheme}://{host}{}", self.path);
        base_string(&self.method, &base_uri, &self.parameters)
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let given = headers.get(CONTENT_TYPE);
    let given = given.and_then(|value| value.to_str().ok());
    let media_type = given.and_then(|value| value.split(';').next());
    media_type.is_some_and(|it| it.trim().eq_ignore_ascii_case(FORM))
}

fn host(head: &request::Parts) -> String {
    let host = head.headers.get(HOST).and_then(|value| value.to_str().ok());
    host.unwrap_or_default().to_ascii_lowercase()
}

fn owned<'q>(pairs: impl Iterator<Item = (Cow<'q, str>, Cow<'q, str>)>) -> Vec<(String, String)> {
    pairs
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

/// RFC 5849 section 3.5.1, without the realm.
fn in_header(headers: &HeaderMap) -> Vec<(String, String)> {
    let value = headers.get(AUTHORIZATION);
    let value = value.and_then(|value| value.to_str().ok());
    let Some((scheme, mut rest)) = value.and_then(|value| value.split_once(' ')) else {
        return Vec::new();
    };
    let mut pairs = Vec::new();
    if !scheme.eq_ignore_ascii_case("oauth") {
        return pairs;
    }
    while let Some((name, behind)) = rest.split_once("=\"") {
        let Some((value, behind)) = quoted(behind) else {
            break;
        };
        rest = behind.trim_start_matches([',', ' ', '\t']);
        let name = name.trim();
        if !name.eq_ignore_ascii_case("realm") {
            pairs.push((decoded(name), decoded(value)));
        }
    }
    pairs
}

/// What stands before the quotation mark that ends a string, and behind it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let mut is_escaped = false;
    let end = text.char_indices().find(|(_, character)| {
        let is_end = *character == '"' && !is_escaped;
        is_escaped = *character == '\\' && !is_escaped;
        is_end
    });
    let (value, behind) = text.split_at_checked(end?.0)?;
    Some((value, behind.strip_prefix('"')?))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
