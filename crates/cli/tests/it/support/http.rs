//! As much of HTTP as the tests need to connect accounts.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

/// `POST`s JSON and gives status and body.
pub(super) fn post(base: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
    let authority = base.strip_prefix("http://").unwrap();
    let body = body.to_string();
    let mut stream = TcpStream::connect(authority).unwrap();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: {authority}\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap())
}
