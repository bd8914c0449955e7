//! The author's own cases: what goes in, the requests that are expected, what comes out.

use authbridge_core::SecretJson;
use authbridge_definition::{Answer, Case, CaseTarget, Expected, ExpectedRequest, SentRequest};
use authbridge_testkit::{
    Canned, CannedOutcome, Mismatch, SimulatedAnswer, Strictness, differences,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::bench::{Bench, Person, Proxied};
use super::lifecycle::{Subject, logs_of};
use super::mask::Mask;
use super::report::{Outcome, Step};
use super::transcript;
use crate::error::CliError;

/// What came out: a result or an error as the API answers it, and what was logged.
struct CameOut {
    result: Result<Value, Value>,
    logs: Vec<Value>,
}

/// Runs `case`; `place` is where it stands.
pub(super) async fn run(
    bench: &Bench,
    subject: &Subject<'_>,
    case: &Case,
    place: String,
) -> Result<Step, CliError> {
    let credentials = credentials(case);
    let mask = subject
        .mask
        .clone()
        .and("connectionInput", &case.connection_input.clone().into())
        .and("credentials", &credentials)
        .and(
            "connectorParameters",
            &case.connector_parameters.clone().into(),
        );
    let canned = case.exchanges.iter().map(canned).collect();
    bench.simulated.expect(canned);
    let came_out = come_out(bench, subject, case, credentials).await;
    let script = bench.simulated.end_script();
    let exchanges = bench.simulated.take_exchanges();
    let came_out = came_out?;
    let mut wrong = script_lines(&script, case, &mask);
    wrong.extend(result_lines(&case.expected, &came_out.result, &mask));
    let result = came_out.result.as_ref().ok();
    let result = result.map(|value| mask.value(value));
    Ok(Step {
        name: case.name.clone(),
        outcome: if wrong.is_empty() {
            Outcome::Passed
        } else {
            Outcome::Failed(wrong)
        },
        detail: String::new(),
        place: Some(place),
        result,
        error: came_out.result.err(),
        logs: came_out.logs,
        exchanges,
        mask,
    })
}

/// What the case says, or else what somebody would have who typed its input.
fn credentials(case: &Case) -> Value {
    match &case.credentials {
        Some(credentials) => credentials.clone().into(),
        None => case.connection_input.clone().into(),
    }
}

fn canned(exchange: &authbridge_definition::Exchange) -> Canned {
    let ExpectedRequest {
        method,
        url,
        query,
        headers,
        data,
    } = exchange.expect.clone();
    Canned {
        expected: authbridge_testkit::ExpectedRequest {
            method,
            url,
            query: query.map(Value::Object),
            headers: headers.map(Value::Object),
            data,
        },
        answer: simulated(&exchange.respond),
    }
}

/// An answer of the definition as the simulated API takes it.
pub(super) fn simulated(answer: &Answer) -> SimulatedAnswer {
    SimulatedAnswer {
        status: answer.status,
        headers: answer
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), text(value)))
            .collect(),
        data: answer.data.clone().unwrap_or_default(),
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

async fn come_out(
    bench: &Bench,
    subject: &Subject<'_>,
    case: &Case,
    credentials: Value,
) -> Result<CameOut, CliError> {
    let person = bench.person()?;
    let connection = given_connection(bench, subject, case, &person, &credentials).await?;
    let (result, logs) = match &case.target {
        CaseTarget::Function(function) => {
            let own = SecretJson::new(Value::Object(case.arguments.clone()));
            bench.try_function(&connection, *function, own).await?
        }
        CaseTarget::Operation { key, input } => {
            let what = format!("operations/{}/run", crate::api::segment(key));
            let body = json!({ "input": input });
            let answer = person.post(&connection, &what, Some(&body)).await;
            answered(answer, |answer| {
                answer.get("output").cloned().unwrap_or_default()
            })?
        }
        CaseTarget::Request(request) => {
            let answer = send(&person, &connection, request).await;
            let mut logs = Vec::new();
            let result = match answer {
                Ok(proxied) => of_status(proxied),
                Err(error @ CliError::Api { .. }) => {
                    let error = error.to_json();
                    logs = logs_of(&error);
                    Err(error)
                }
                Err(error) => return Err(error),
            };
            (result, logs)
        }
    };
    Ok(CameOut { result, logs })
}

/// A connection with the credentials of the case; nothing is asked, and nothing is tested.
async fn given_connection(
    bench: &Bench,
    subject: &Subject<'_>,
    case: &Case,
    person: &Person,
    credentials: &Value,
) -> Result<String, CliError> {
    let mut body = json!({
        "integrationKey": subject.integration,
        "customerId": person.id,
        "authOptionKey": case.option,
        "input": case.connection_input,
        "credentials": credentials,
    });
    if let (Value::Object(members), false) = (&mut body, case.connector_parameters.is_empty()) {
        let parameters = case.connector_parameters.clone().into();
        members.insert("connectorParameters".into(), parameters);
    }
    bench.connect_as_given(person, &body).await
}

fn answered(
    answer: Result<Value, CliError>,
    result: impl Fn(&Value) -> Value,
) -> Result<(Result<Value, Value>, Vec<Value>), CliError> {
    match answer {
        Ok(answer) => Ok((Ok(result(&answer)), logs_of(&answer))),
        Err(error @ CliError::Api { .. }) => {
            let error = error.to_json();
            let logs = logs_of(&error);
            Ok((Err(error), logs))
        }
        Err(error) => Err(error),
    }
}

async fn send(
    person: &Person,
    connection: &str,
    request: &SentRequest,
) -> Result<Proxied, CliError> {
    let method = Method::from_bytes(request.method.as_bytes()).unwrap_or(Method::GET);
    let mut headers = HeaderMap::new();
    if matches!(&request.data, Some(data) if !data.is_string()) {
        headers.insert("content-type", HeaderValue::from_static("application/json"));
    }
    for (name, value) in &request.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&text(value))) {
            headers.insert(name, value);
        }
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in &request.query {
        let values = value
            .as_array()
            .map_or(std::slice::from_ref(value), Vec::as_slice);
        for value in values {
            query.append_pair(name, &text(value));
        }
    }
    let query = query.finish();
    let path = match (query.as_str(), request.path.contains('?')) {
        ("", _) => request.path.clone(),
        (query, true) => format!("{}&{query}", request.path),
        (query, false) => format!("{}?{query}", request.path),
    };
    person
        .request(connection, method, &path, headers, request.data.as_ref())
        .await
}

/// The body, or for a status of failure the error that functions would get.
fn of_status(proxied: Proxied) -> Result<Value, Value> {
    if proxied.status < 400 {
        return Ok(proxied.data);
    }
    let mut error = json!({
        "type": "connection",
        "message": format!("the API answered with status {}", proxied.status),
        "data": proxied.data,
    });
    let key = match proxied.status {
        401 => "access_token_expired",
        429 => "rate_limit_exceeded",
        _ => return Err(error),
    };
    if let Value::Object(members) = &mut error {
        members.insert("key".into(), key.into());
    }
    Err(error)
}

/// What is wrong with the requests that were made.
fn script_lines(script: &CannedOutcome, case: &Case, mask: &Mask) -> Vec<String> {
    let mut lines = Vec::new();
    for mismatch in &script.mismatches {
        lines.extend(mismatch_lines(mismatch, mask));
    }
    for (number, summary) in &script.missing {
        let place = case
            .exchanges
            .get(number - 1)
            .map(|exchange| format!(" (line {})", exchange.source.line));
        lines.push(format!(
            "request {number} was not made: {summary}{}",
            place.unwrap_or_default()
        ));
    }
    lines
}

fn mismatch_lines(mismatch: &Mismatch, mask: &Mask) -> Vec<String> {
    let number = mismatch.number;
    let request = transcript::first_line(&mismatch.request, mask);
    let Some(differences) = &mismatch.differences else {
        return vec![format!(
            "request {number} was not expected, and there are no more: {request}"
        )];
    };
    let mut lines = vec![format!("request {number} is not as expected: {request}")];
    for difference in differences {
        let of_one = transcript::difference_lines(difference, mask);
        lines.extend(of_one.into_iter().map(|line| format!("  {line}")));
    }
    lines
}

/// What is wrong with what came out.
fn result_lines(expected: &Expected, came_out: &Result<Value, Value>, mask: &Mask) -> Vec<String> {
    match (expected, came_out) {
        (Expected::Success, Ok(_)) => Vec::new(),
        (Expected::Success | Expected::Result { .. }, Err(_)) => vec!["it failed".into()],
        (Expected::Result { value, exact }, Ok(actual)) => {
            let strictness = if *exact {
                Strictness::Exact
            } else {
                Strictness::Lenient
            };
            differences(value, actual, strictness)
                .iter()
                .flat_map(|difference| transcript::difference_lines(difference, mask))
                .collect()
        }
        (Expected::Error { .. }, Ok(actual)) => {
            vec![format!(
                "expected an error, but it returned {}",
                mask.value(actual)
            )]
        }
        (
            Expected::Error {
                message,
                error_type,
                key,
            },
            Err(error),
        ) => {
            let mut lines = Vec::new();
            let actual = error.get("message").and_then(Value::as_str);
            if let Some(part) = message
                && !actual.unwrap_or_default().contains(part.as_str())
            {
                lines.push(format!("the error's message does not have {part:?}"));
            }
            for (name, wanted) in [("type", error_type), ("key", key)] {
                let actual = error.get(name).and_then(Value::as_str);
                if let Some(wanted) = wanted
                    && actual != Some(wanted)
                {
                    let actual = actual.unwrap_or("nothing");
                    lines.push(format!("the error's {name} is {actual}, not {wanted}"));
                }
            }
            lines
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(expected: &Expected, came_out: &Result<Value, Value>) -> Vec<String> {
        result_lines(expected, came_out, &Mask::default())
    }

    #[test]
    fn a_result_may_have_more_members_unless_it_must_be_exact() {
        let expected = |exact| Expected::Result {
            value: json!({ "a": 1 }),
            exact,
        };
        let actual = || Ok(json!({ "a": 1, "b": 2 }));
        assert!(lines(&expected(false), &actual()).is_empty());
        assert_eq!(
            lines(&expected(true), &actual()),
            ["b:", "  expected  (nothing)", "  actual    2"]
        );
    }

    #[test]
    fn an_error_is_compared_by_what_is_given() {
        let expected = Expected::Error {
            message: Some("wrong".into()),
            error_type: Some("connection".into()),
            key: None,
        };
        let error = json!({ "type": "connection", "message": "the key is wrong" });
        assert!(lines(&expected, &Err(error)).is_empty());
        let other = json!({ "type": "custom_code", "message": "no" });
        assert_eq!(lines(&expected, &Err(other)).len(), 2);
        assert_eq!(lines(&expected, &Ok(Value::Null)).len(), 1);
        assert_eq!(lines(&Expected::Success, &Err(Value::Null)).len(), 1);
    }

    #[test]
    fn a_status_of_failure_is_an_error() {
        let of = |status| {
            of_status(Proxied {
                status,
                data: json!({ "a": 1 }),
            })
        };
        assert_eq!(of(200), Ok(json!({ "a": 1 })));
        assert_eq!(of(401).unwrap_err()["key"], "access_token_expired");
        assert_eq!(of(500).unwrap_err()["type"], "connection");
    }
}
