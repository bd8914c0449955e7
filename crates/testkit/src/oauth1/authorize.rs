//! Where the user decides (RFC 5849 section 2.2).

use http::header::{HeaderValue, LOCATION};
use http::{Method, Response, StatusCode, request};
use url::Url;

use super::ledger::{Decision, RequestToken};
use super::options::Consent;
use super::state::State;
use super::tokens::OUT_OF_BAND;
use crate::answer::{self, Body};
use crate::page::{consent_page, escaped, page};
use crate::query;

impl State {
    /// Answers `GET /authorize`, and `POST` of the form on its page.
    pub(super) fn answer_authorization(
        &mut self,
        head: &request::Parts,
        body: &[u8],
    ) -> Response<Body> {
        let now = self.now();
        let token = query::first(head.uri.query(), "oauth_token").unwrap_or_default();
        let pending = self.ledger.request_token(&token, now).ok().cloned();
        let Some(pending) = pending.filter(|it| it.decision == Decision::Pending) else {
            return page("This link is of no use: it was used, is too old, or was not made here.");
        };
        let is_given = match (self.options.consent, &head.method) {
            (Consent::Given, _) => true,
            (Consent::Denied, _) => false,
            (Consent::Asked, &Method::POST) => {
                let decision = query::first(str::from_utf8(body).ok(), "decision");
                match decision.as_deref() {
                    Some("allow") => true,
                    Some("deny") => false,
                    Some(_) | None => return page("No button was pressed."),
                }
            }
            (Consent::Asked, _) => {
                let scope = pending.scope.as_deref().unwrap_or("access");
                let target = head.uri.path_and_query();
                let target = target.map_or("/authorize", |target| target.as_str());
                return consent_page(&pending.consumer, scope, target);
            }
        };
        self.decide(&token, &pending, is_given)
    }

    fn decide(&mut self, token: &str, pending: &RequestToken, is_given: bool) -> Response<Body> {
        let verifier = is_given.then(|| self.ledger.unguessable(&self.options.effects));
        let now = self.now();
        if let Ok(kept) = self.ledger.request_token(token, now) {
            kept.decision = match &verifier {
                Some(verifier) => Decision::Granted(verifier.clone()),
                None => Decision::Denied,
            };
        }
        self.counts.consents_given += u64::from(is_given);
        if pending.callback == OUT_OF_BAND {
            return match verifier {
                Some(verifier) => verifier_page(&verifier),
                None => page("You said no; the app gets nothing."),
            };
        }
        let said = match verifier {
            Some(verifier) => ("oauth_verifier", verifier),
            None => ("oauth_problem", "permission_denied".to_owned()),
        };
        redirect(
            &pending.callback,
            &[("oauth_token", token.to_owned()), said],
        )
    }
}

fn redirect(callback: &str, pairs: &[(&str, String)]) -> Response<Body> {
    let target = Url::parse(callback).map(|mut target| {
        target.query_pairs_mut().extend_pairs(pairs);
        target
    });
    let location = target
        .ok()
        .and_then(|target| HeaderValue::from_str(target.as_str()).ok());
    let Some(location) = location else {
        return page("The app's callback is not an address.");
    };
    let mut response = Response::new(Body::default());
    *response.status_mut() = StatusCode::FOUND;
    response.headers_mut().insert(LOCATION, location);
    response
}

/// Where the user fetches the verifier that they have to type.
fn verifier_page(verifier: &str) -> Response<Body> {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Your code</title>\
         <h1>Your code</h1><p>Type this in the app: <code>{}</code></p></html>",
        escaped(verifier)
    );
    answer::whole(StatusCode::OK, "text/html; charset=utf-8", html)
}
