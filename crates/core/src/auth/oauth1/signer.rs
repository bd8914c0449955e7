//! Signing a request: what has to be added to it, and where (RFC 5849 sections 3.1 and 3.5).

use std::fmt;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use jiff::SignedDuration;

use super::authorization;
use super::base_string::{RawUrl, base_string};
use super::parameters::{FORM, Parameters, is_form, query_of};
use super::signature::{ConsumerKey, SignatureMethod, SigningError};
use crate::client::Target;
use crate::request::Request;
use crate::secret::ExposeSecret as _;
use crate::{Effects, SecretString};

/// Where the protocol parameters go: `parameterTransmission` (RFC 5849 section 3.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ParameterTransmission {
    /// `header`: the field `Authorization` (section 3.5.1).
    #[default]
    Header,
    /// `query`: the query (section 3.5.3).
    Query,
    /// `body`: the form in the body (section 3.5.2). A request whose body is something else, or
    /// whose method has none, gets the header field instead.
    Body,
}

/// What authenticates besides the consumer: a request token or an access token, with its secret.
#[derive(Clone, Debug)]
pub struct Token {
    /// `oauth_token`.
    pub token: SecretString,
    /// `oauth_token_secret`; empty where the provider gave none.
    pub secret: SecretString,
}

/// A request that is to be signed, as it will be sent.
#[derive(Clone, Copy, Debug)]
pub struct Unsigned<'a> {
    /// The method.
    pub method: &'a Method,
    /// The absolute URL, with path and query byte for byte as the request line will have them.
    pub url: &'a str,
    /// The header fields; only `Content-Type` matters.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: Body<'a>,
}

/// The body of a request that is to be signed.
#[derive(Clone, Copy)]
pub enum Body<'a> {
    /// All of it; empty for none.
    Whole(&'a [u8]),
    /// It is sent as it arrives, and nobody knows it yet. Where [`Signer::needs_body`] says so,
    /// that cannot be signed.
    Streamed,
}

impl fmt::Debug for Body<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Whole(_) => "Whole",
            Self::Streamed => "Streamed",
        })
    }
}

/// What makes a request a signed one. It is secret, and `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub enum Signed {
    /// The value of the header field `Authorization`, in place of any other.
    Header(HeaderValue),
    /// Parameters, encoded and joined, to be appended to the query.
    Query(String),
    /// Parameters, encoded and joined, to be appended to the form in the body; if there is none,
    /// they become the body, and `Content-Type` is `application/x-www-form-urlencoded`.
    Form(String),
}

impl fmt::Debug for Signed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Header(_) => "Header([redacted])",
            Self::Query(_) => "Query([redacted])",
            Self::Form(_) => "Form([redacted])",
        })
    }
}

impl Signed {
    /// Adds it to `request`.
    pub fn apply(self, request: &mut Request) {
        match self {
            Self::Header(value) => {
                request.headers.insert(AUTHORIZATION, value);
            }
            Self::Query(added) => {
                request.target.path_and_query =
                    Self::with_query(&request.target.path_and_query, &added);
            }
            Self::Form(added) => {
                request.body = Self::with_form(&request.body, &added);
                request
                    .headers
                    .entry(CONTENT_TYPE)
                    .or_insert(HeaderValue::from_static(FORM));
            }
        }
    }

    /// `path_and_query` with `added` at the end of the query.
    pub fn with_query(path_and_query: &str, added: &str) -> String {
        let separator = match path_and_query.split_once('?') {
            None => "?",
            Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
            Some(_) => "&",
        };
        format!("{path_and_query}{separator}{added}")
    }

    /// The form `body` with `added` at its end.
    pub fn with_form(body: &[u8], added: &str) -> Bytes {
        let separator: &[u8] = match body.last() {
            None | Some(b'&') => b"",
            Some(_) => b"&",
        };
        [body, separator, added.as_bytes()].concat().into()
    }
}

/// Signs requests as one consumer, for one token or none. Cloning is cheap.
#[derive(Clone)]
pub struct Signer {
    pub(super) consumer_key: String,
    pub(super) method: SignatureMethod,
    pub(super) key: ConsumerKey,
    pub(super) token: Option<Token>,
    pub(super) realm: Option<String>,
    pub(super) transmission: ParameterTransmission,
    pub(super) sends_version: bool,
    pub(super) hashes_bodies: bool,
    pub(super) clock_offset: SignedDuration,
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Signer")
            .field("method", &self.method)
            .field("transmission", &self.transmission)
            .field("clock_offset", &self.clock_offset)
            .finish_non_exhaustive()
    }
}

impl Signer {
    /// The same, with timestamps that are `offset` ahead of our clock: what
    /// [`clock_offset`](super::clock_offset) learnt from a provider whose clock is another.
    #[must_use]
    pub fn with_clock_offset(self, offset: SignedDuration) -> Self {
        Self {
            clock_offset: offset,
            ..self
        }
    }

    /// How far ahead of our clock timestamps are.
    pub fn clock_offset(&self) -> SignedDuration {
        self.clock_offset
    }

    /// Whether a request with these header fields can only be signed once its body is known: forms
    /// are part of what is signed, and of other bodies there may be a hash.
    pub fn needs_body(&self, headers: &HeaderMap) -> bool {
        let is_signed = self.method != SignatureMethod::Plaintext;
        if is_form(headers) {
            return is_signed || self.transmission == ParameterTransmission::Body;
        }
        is_signed && self.hashes_bodies
    }

    /// What is to be added to `request`. Every call has a nonce and a timestamp of its own, so a
    /// request that is sent again is signed again.
    pub fn sign(&self, request: &Unsigned<'_>, effects: &Effects) -> Result<Signed, SigningError> {
        self.sign_with(request, &[], effects)
    }

    /// Signs a whole request, in place.
    pub fn sign_request(
        &self,
        request: &mut Request,
        effects: &Effects,
    ) -> Result<(), SigningError> {
        self.sign_request_with(request, &[], effects)
    }

    /// The same, with further protocol parameters, such as `oauth_verifier`.
    pub(super) fn sign_request_with(
        &self,
        request: &mut Request,
        further: &[(String, String)],
        effects: &Effects,
    ) -> Result<(), SigningError> {
        let url = url_of(&request.target);
        let unsigned = Unsigned {
            method: &request.method,
            url: &url,
            headers: &request.headers,
            body: Body::Whole(&request.body),
        };
        let signed = self.sign_with(&unsigned, further, effects)?;
        signed.apply(request);
        Ok(())
    }

    pub(super) fn sign_with(
        &self,
        request: &Unsigned<'_>,
        further: &[(String, String)],
        effects: &Effects,
    ) -> Result<Signed, SigningError> {
        let stamp = Stamp {
            nonce: nonce(effects),
            timestamp: self.timestamp(effects),
        };
        self.sign_as(request, further, &stamp)
    }

    pub(super) fn sign_as(
        &self,
        request: &Unsigned<'_>,
        further: &[(String, String)],
        stamp: &Stamp,
    ) -> Result<Signed, SigningError> {
        if self.needs_body(request.headers) && matches!(request.body, Body::Streamed) {
            return Err(SigningError::BodyNeeded);
        }
        let url = RawUrl::parse(request.url).ok_or(SigningError::Url)?;
        let mut parameters = Parameters::default();
        parameters.add_encoded(url.query.unwrap_or_default().as_bytes());
        if let Body::Whole(body) = request.body
            && is_form(request.headers)
        {
            parameters.add_encoded(body);
        }
        let mut protocol = self.protocol_parameters(request, stamp);
        protocol.extend_from_slice(further);
        let names = protocol.iter().map(|(name, _)| name.as_str());
        if let Some(name) = names.chain([SIGNATURE]).find(|name| parameters.has(name)) {
            return Err(SigningError::AlreadyThere(name.to_owned()));
        }
        parameters.add(&protocol);
        let base_string = base_string(request.method, &url, &parameters);
        let token_secret = self.token.as_ref().map(|token| &token.secret);
        let signature = self.key.sign(token_secret, &base_string)?;
        protocol.push((SIGNATURE.to_owned(), signature));
        self.placed(request, &protocol)
    }

    /// RFC 5849 section 3.1, all but the signature.
    fn protocol_parameters(&self, request: &Unsigned<'_>, stamp: &Stamp) -> Vec<(String, String)> {
        let pair = |name: &str, value: String| (name.to_owned(), value);
        let mut parameters = vec![pair("oauth_consumer_key", self.consumer_key.clone())];
        if let Some(token) = &self.token {
            let token = token.token.expose_secret().to_owned();
            parameters.push(pair("oauth_token", token));
        }
        parameters.push(pair(
            "oauth_signature_method",
            self.method.as_str().to_owned(),
        ));
        parameters.push(pair("oauth_timestamp", stamp.timestamp.clone()));
        parameters.push(pair("oauth_nonce", stamp.nonce.clone()));
        if self.sends_version {
            parameters.push(pair("oauth_version", "1.0".to_owned()));
        }
        let hash = self.body_hash(request);
        parameters.extend(hash.map(|hash| pair("oauth_body_hash", hash)));
        parameters
    }

    /// RFC 5849 section 3.3.
    fn timestamp(&self, effects: &Effects) -> String {
        let seconds = effects.now().as_second();
        let seconds = seconds.saturating_add(self.clock_offset.as_secs());
        seconds.max(1).to_string()
    }

    /// OAuth Request Body Hash 1.0 section 4.1: of all bodies but forms, and of none as well, unless
    /// that becomes a form.
    fn body_hash(&self, request: &Unsigned<'_>) -> Option<String> {
        let Body::Whole(body) = request.body else {
            return None;
        };
        let is_hashed =
            self.hashes_bodies && !is_form(request.headers) && !self.is_placed_in_form(request);
        is_hashed.then(|| self.method.body_hash(body)).flatten()
    }

    fn is_placed_in_form(&self, request: &Unsigned<'_>) -> bool {
        self.transmission == ParameterTransmission::Body && takes_form(request)
    }

    fn placed(
        &self,
        request: &Unsigned<'_>,
        protocol: &[(String, String)],
    ) -> Result<Signed, SigningError> {
        match self.transmission {
            ParameterTransmission::Query => return Ok(Signed::Query(query_of(protocol))),
            ParameterTransmission::Body if self.is_placed_in_form(request) => {
                return Ok(Signed::Form(query_of(protocol)));
            }
            ParameterTransmission::Header | ParameterTransmission::Body => {}
        }
        let value = authorization::write(self.realm.as_deref(), protocol);
        let mut value = HeaderValue::try_from(value).map_err(|_| SigningError::Key)?;
        value.set_sensitive(true);
        Ok(Signed::Header(value))
    }
}

const SIGNATURE: &str = "oauth_signature";

/// What no other request has (RFC 5849 section 3.3).
pub(super) struct Stamp {
    pub(super) nonce: String,
    pub(super) timestamp: String,
}

/// 128 random bits: no two of all replicas will ever draw the same. Some providers take letters
/// and digits only, and no more than thirty of them.
fn nonce(effects: &Effects) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut rest = u128::from_be_bytes(effects.random_bytes());
    let digits = std::iter::repeat_with(|| {
        let digit = usize::try_from(rest % 62).unwrap_or_default();
        rest /= 62;
        DIGITS.get(digit).copied().map_or('0', char::from)
    });
    // 62^22 is more than 2^128.
    digits.take(22).collect()
}

/// Whether the body is a form, or is empty and may become one.
fn takes_form(request: &Unsigned<'_>) -> bool {
    if is_form(request.headers) {
        return true;
    }
    let is_empty = matches!(request.body, Body::Whole([]));
    let has_bodies = [Method::POST, Method::PUT, Method::PATCH].contains(request.method);
    is_empty && has_bodies && !request.headers.contains_key(CONTENT_TYPE)
}

/// Where a request goes, as one text.
fn url_of(target: &Target) -> String {
    let origin = target.origin.origin().ascii_serialization();
    format!("{origin}{}", target.path_and_query)
}

#[cfg(test)]
mod tests;
