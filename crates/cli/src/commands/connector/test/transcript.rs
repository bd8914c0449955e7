//! The requests of a step and their answers, for people and for programs.

use authbridge_testkit::{Difference, Exchange, SimulatedRequest};
use serde_json::{Value, json};

use super::mask::Mask;

/// Headers that say nothing about the connector.
const UNINTERESTING: [&str; 8] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "host",
    "te",
    "transfer-encoding",
    "user-agent",
];

/// The most that is shown of one body, in characters.
const MAX_BODY: usize = 400;

/// One exchange as lines.
pub(super) fn lines(exchange: &Exchange, mask: &Mask) -> Vec<String> {
    let request = &exchange.request;
    let mut lines = vec![format!("→ {}", first_line(request, mask))];
    for (name, value) in interesting(request) {
        lines.push(format!("    {name}: {}", mask.text(value)));
    }
    if !request.data.is_null() {
        lines.push(format!("    {}", body(&request.data, mask)));
    }
    let answer = &exchange.answer;
    lines.push(format!(
        "← {} {}({})",
        answer.status,
        if answer.data.is_null() {
            String::new()
        } else {
            format!("{} ", body(&answer.data, mask))
        },
        exchange.verdict
    ));
    lines
}

/// Method and address, without the scheme that the wire does not show.
pub(super) fn first_line(request: &SimulatedRequest, mask: &Mask) -> String {
    let mut line = format!("{} {}", request.method, mask.text(&request.address()));
    for (number, (name, value)) in request.query.iter().enumerate() {
        line.push(if number == 0 { '?' } else { '&' });
        line.push_str(&format!("{name}={}", mask.text(value)));
    }
    line
}

fn interesting(request: &SimulatedRequest) -> impl Iterator<Item = &(String, String)> {
    request
        .headers
        .iter()
        .filter(|(name, _)| !UNINTERESTING.contains(&name.as_str()))
}

fn body(data: &Value, mask: &Mask) -> String {
    let masked = mask.value(data);
    let text = masked
        .as_str()
        .map_or_else(|| masked.to_string(), str::to_owned);
    match text.char_indices().nth(MAX_BODY) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(&text)),
        None => text,
    }
}

/// One exchange as JSON.
pub(super) fn value(exchange: &Exchange, mask: &Mask) -> Value {
    let request = &exchange.request;
    let query: Vec<_> = request
        .query
        .iter()
        .map(|(name, value)| json!([name, mask.text(value)]))
        .collect();
    let headers: Vec<_> = interesting(request)
        .map(|(name, value)| json!([name, mask.text(value)]))
        .collect();
    json!({
        "request": {
            "method": request.method,
            "address": mask.text(&request.address()),
            "query": query,
            "headers": headers,
            "data": mask.value(&request.data),
        },
        "answer": {
            "status": exchange.answer.status,
            "data": mask.value(&exchange.answer.data),
        },
        "verdict": exchange.verdict.to_string(),
    })
}

/// A difference as lines: where, what was expected, what was there.
pub(super) fn difference_lines(difference: &Difference, mask: &Mask) -> Vec<String> {
    let at = match difference.at.as_str() {
        "" => "the result",
        at => at,
    };
    let shown = |value: &Option<Value>| match value {
        Some(value) => mask.value(value).to_string(),
        None => "(nothing)".to_owned(),
    };
    vec![
        format!("{at}:"),
        format!("  expected  {}", shown(&difference.expected)),
        format!("  actual    {}", shown(&difference.actual)),
    ]
}
