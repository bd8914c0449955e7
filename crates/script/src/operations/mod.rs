//! What the prelude may ask of the host. Everything a script says here is checked: a wrong call is an error that the
//! script sees, a call too many ends it, and nothing panics.

mod base64;
mod cipher;
mod hash;
mod request;
mod signature;
mod url;

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;

use crate::error::LimitKind;
use crate::guest::{Guest, Message};
use crate::host::{ClientRequest, FetchRequest};
use crate::wire::log_line;

/// An asynchronous operation that was begun.
pub(crate) enum Started {
    /// A request; the answer goes to the prelude under `id`.
    Request { id: u32, request: Box<Request> },
    /// A timer.
    Timer { id: u32, after: Duration },
    /// The end of a timer that has not run out.
    Cancel { id: u32 },
}

/// What a script asks of its host.
#[expect(clippy::large_enum_variant, reason = "always in a box")]
pub(crate) enum Request {
    Fetch(FetchRequest),
    /// With the client's name.
    Client(String, ClientRequest),
}

/// An answer, or a message for the `Error` that the script sees.
pub(crate) type Answer = Result<Message, String>;

/// Longest wait of a timer: browsers' and Node's limit too.
const LONGEST_TIMER: u32 = 0x7fff_ffff;

/// Most bytes of randomness in one call, sixteen times what browsers allow.
const RANDOM_BYTES: usize = 1024 * 1024;

/// How many of the largest requests may wait for their answers at one time: the host holds a copy of each.
const OPEN_REQUESTS: usize = 4;

/// Timers begun and ended before the host looks. The prelude cannot reach it without reaching another limit.
const MOST_STARTED: usize = 100_000;

/// The operations' numbers, which are those of `prelude/host.js`. 1 is for the build script.
mod number {
    pub(super) const REPORT: i32 = 0;
    pub(super) const FINISH: i32 = 2;
    pub(super) const LOG: i32 = 3;
    pub(super) const CLOCK: i32 = 4;
    pub(super) const RANDOM: i32 = 5;
    pub(super) const FETCH: i32 = 6;
    pub(super) const CLIENT: i32 = 7;
    pub(super) const TIMER: i32 = 8;
    pub(super) const CANCEL: i32 = 9;
    pub(super) const URL_PARSE: i32 = 10;
    pub(super) const URL_SET: i32 = 11;
    pub(super) const HASH: i32 = 12;
    pub(super) const HMAC: i32 = 13;
    pub(super) const PBKDF2: i32 = 14;
    pub(super) const SIGN: i32 = 15;
    pub(super) const VERIFY: i32 = 16;
    pub(super) const ENCRYPT: i32 = 17;
    pub(super) const DECRYPT: i32 = 18;
    pub(super) const BASE64_ENCODE: i32 = 19;
    pub(super) const BASE64_DECODE: i32 = 20;
}

pub(crate) fn perform(
    guest: &mut Guest,
    operation: i32,
    text: &str,
    bytes: &[u8],
) -> wasmtime::Result<Answer> {
    match operation {
        number::REPORT => {
            guest.report = Some(format!("{text}\n{}", String::from_utf8_lossy(bytes)));
            Ok(Ok(Message::default()))
        }
        number::FINISH => {
            guest.outcome = Some(Message {
                text: text.to_owned(),
                bytes: Some(Bytes::copy_from_slice(bytes)),
            });
            Ok(Ok(Message::default()))
        }
        number::LOG => Ok(log(guest, text)),
        number::CLOCK => Ok(Ok(Message::text((guest.clock)().to_string()))),
        number::RANDOM => Ok(random(guest, text)),
        number::FETCH => start(guest, request::fetch, text, bytes),
        number::CLIENT => start(guest, request::client, text, bytes),
        number::TIMER => timer(guest, text),
        number::CANCEL => Ok(cancel(guest, text)),
        number::URL_PARSE => Ok(url::parse(text)),
        number::URL_SET => Ok(url::set(text)),
        number::HASH => Ok(hash::hash(text, bytes)),
        number::HMAC => Ok(hash::hmac(text, bytes)),
        number::PBKDF2 => hash::pbkdf2(guest, text, bytes),
        number::SIGN => Ok(signature::sign(text, bytes)),
        number::VERIFY => Ok(signature::verify(text, bytes)),
        number::ENCRYPT => Ok(cipher::encrypt(text, bytes)),
        number::DECRYPT => Ok(cipher::decrypt(text, bytes)),
        number::BASE64_ENCODE => Ok(Ok(base64::encode(bytes))),
        number::BASE64_DECODE => Ok(base64::decode(text)),
        other => Ok(Err(format!("the host has no operation {other}"))),
    }
}

/// The text of the parse error is for the script's author, who cannot do much with more.
fn arguments<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("unexpected arguments: {error}"))
}

/// The parts that the prelude joined (`join` in `prelude/host.js`).
fn split<'a, const N: usize>(
    mut bytes: &'a [u8],
    sizes: &[usize],
) -> Result<[&'a [u8]; N], String> {
    let mut parts: [&[u8]; N] = [&[]; N];
    for (part, size) in parts.iter_mut().zip(sizes) {
        (*part, bytes) = bytes
            .split_at_checked(*size)
            .ok_or("sizes that do not fit")?;
    }
    Ok(parts)
}

/// The first character is the level, the rest the line.
fn log(guest: &mut Guest, text: &str) -> Answer {
    let Some(line) = log_line(text) else {
        return Err("unexpected level".to_owned());
    };
    guest.logs.push(line);
    Ok(Message::default())
}

fn random(guest: &Guest, text: &str) -> Answer {
    let size: usize = arguments(text)?;
    if size > RANDOM_BYTES {
        return Err(format!("no more than {RANDOM_BYTES} random bytes at once"));
    }
    let mut bytes = vec![0; size];
    (guest.random)(&mut bytes);
    Ok(Message::bytes(bytes))
}

/// A parser of a request's description: its id, and the request.
type Parser = fn(&str, &[u8]) -> Result<(u32, Request), String>;

fn start(guest: &mut Guest, parse: Parser, text: &str, bytes: &[u8]) -> wasmtime::Result<Answer> {
    let size = text.len() + bytes.len();
    if size > guest.limits.request_bytes {
        return Err(guest.over(LimitKind::RequestSize));
    }
    if guest.requests >= guest.limits.requests {
        return Err(guest.over(LimitKind::Requests));
    }
    let (id, request) = match parse(text, bytes) {
        Ok(parsed) => parsed,
        Err(message) => return Ok(Err(message)),
    };
    guest.open_requests.insert(id, size);
    if guest.open_requests.values().sum::<usize>()
        > OPEN_REQUESTS.saturating_mul(guest.limits.request_bytes)
    {
        return Err(guest.over(LimitKind::RequestSize));
    }
    guest.requests += 1;
    guest.started.push(Started::Request {
        id,
        request: Box::new(request),
    });
    Ok(Ok(Message::default()))
}

#[derive(Deserialize)]
struct Timer {
    id: u32,
    ms: f64,
}

fn timer(guest: &mut Guest, text: &str) -> wasmtime::Result<Answer> {
    let timer: Timer = match arguments(text) {
        Ok(timer) => timer,
        Err(message) => return Ok(Err(message)),
    };
    guest.timers += 1;
    if guest.timers > guest.limits.timers || guest.started.len() > MOST_STARTED {
        return Err(guest.over(LimitKind::Timers));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to what fits"
    )]
    let milliseconds = timer.ms.clamp(1.0, f64::from(LONGEST_TIMER)) as u64;
    guest.started.push(Started::Timer {
        id: timer.id,
        after: Duration::from_millis(milliseconds),
    });
    Ok(Ok(Message::default()))
}

fn cancel(guest: &mut Guest, text: &str) -> Answer {
    let cancelled: u32 = arguments(text)?;
    guest.timers = guest.timers.saturating_sub(1);
    // One that was begun since the host last looked need not reach it.
    let begun = guest.started.len();
    guest
        .started
        .retain(|started| !matches!(started, Started::Timer { id, .. } if *id == cancelled));
    if guest.started.len() == begun {
        guest.started.push(Started::Cancel { id: cancelled });
    }
    Ok(Message::default())
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn the_prelude_has_the_same_numbers() {
        let prelude = include_str!("../../prelude/host.js");
        let operations = [
            ("FINISH", number::FINISH),
            ("LOG", number::LOG),
            ("CLOCK", number::CLOCK),
            ("RANDOM", number::RANDOM),
            ("FETCH", number::FETCH),
            ("CLIENT", number::CLIENT),
            ("TIMER", number::TIMER),
            ("CANCEL", number::CANCEL),
            ("URL_PARSE", number::URL_PARSE),
            ("URL_SET", number::URL_SET),
            ("HASH", number::HASH),
            ("HMAC", number::HMAC),
            ("PBKDF2", number::PBKDF2),
            ("SIGN", number::SIGN),
            ("VERIFY", number::VERIFY),
            ("ENCRYPT", number::ENCRYPT),
            ("DECRYPT", number::DECRYPT),
            ("BASE64_ENCODE", number::BASE64_ENCODE),
            ("BASE64_DECODE", number::BASE64_DECODE),
        ];
        for (name, number) in operations {
            assert!(prelude.contains(&format!(" {name}: {number},")), "{name}");
        }
    }
}
