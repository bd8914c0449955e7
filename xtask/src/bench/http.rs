//! Just enough HTTP for setting up a measurement: one request per connection, to 127.0.0.1.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::error::TaskError;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A response.
#[derive(Debug)]
pub(crate) struct Answer {
    status: u16,
    body: String,
}

impl Answer {
    /// The body, if the status is as expected.
    pub(crate) fn expect_status(self, status: u16, who: &str) -> Result<String, TaskError> {
        if self.status == status {
            return Ok(self.body);
        }
        Err(TaskError::Measurement(format!(
            "{who} answered {} instead of {status}: {}",
            self.status, self.body
        )))
    }

    /// Whether the status is a success.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// `GET path`.
pub(crate) fn get(port: u16, path: &str, authorization: Option<&str>) -> Result<Answer, TaskError> {
    send(port, &format!("GET {path}"), authorization, "")
}

/// `POST path` with a JSON body.
pub(crate) fn post(
    port: u16,
    path: &str,
    authorization: &str,
    body: &Value,
) -> Result<Answer, TaskError> {
    send(
        port,
        &format!("POST {path}"),
        Some(authorization),
        &body.to_string(),
    )
}

fn send(
    port: u16,
    method_and_path: &str,
    authorization: Option<&str>,
    body: &str,
) -> Result<Answer, TaskError> {
    let exchange = || {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let authorization = authorization
            .map(|value| format!("Authorization: {value}\r\n"))
            .unwrap_or_default();
        write!(
            stream,
            "{method_and_path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n{authorization}\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    let text = exchange().map_err(TaskError::file(format!("127.0.0.1:{port}")))?;
    parse(&text).ok_or_else(|| {
        TaskError::Measurement(format!("`{method_and_path}` was answered with {text:?}"))
    })
}

/// The body stays as it came over the wire, chunked or not.
fn parse(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer {
        status,
        body: body.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_body_are_read() {
        let answer = parse("HTTP/1.1 201 Created\r\nA: b\r\n\r\n{}").unwrap();
        assert!(answer.is_success());
        assert_eq!(answer.expect_status(201, "it").unwrap(), "{}");
        assert!(parse("HTTP/1.1").is_none());
    }
}
