//! As much of HTTP as the tests need to connect accounts and to use them.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

/// `POST`s JSON and gives status and body.
pub(crate) fn post(base: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
    call("POST", base, path, token, body).unwrap()
}

/// Sends JSON, or nothing for null, and gives status and body, or how the other end went away.
pub(crate) fn call(
    method: &str,
    base: &str,
    path: &str,
    token: &str,
    body: &Value,
) -> io::Result<(u16, Value)> {
    let authority = base.strip_prefix("http://").unwrap();
    let body = if body.is_null() {
        // A body that nobody reads may reset the connection before the answer is read.
        String::new()
    } else {
        body.to_string()
    };
    let mut stream = TcpStream::connect(authority)?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {authority}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let cut = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(cut)?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    let body = serde_json::from_str(body)?;
    Ok((status.ok_or_else(cut)?, body))
}
