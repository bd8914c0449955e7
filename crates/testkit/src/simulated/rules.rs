//! How the simulated API answers: the author's routes, and what it does without them.

use http::request;
use serde_json::{Value, json};

use super::account::{Account, Standing, Tokens};
use super::exchange::{SimulatedAnswer, SimulatedRequest, Verdict};
use super::graphql;
use crate::oauth1::{self, Signed};
use crate::oauth2::{Served, StandIn};

/// An answer of the author's for some requests. It is given to requests with credentials that are
/// in force, and to logins with what the user typed; everybody else is refused as always.
///
/// `{{token}}` and `{{refreshToken}}` in its strings become fresh credentials.
#[derive(Clone, Debug)]
pub struct SimulatedRoute {
    /// Any method when absent.
    pub method: Option<String>,
    /// A path, or a whole URL, whose scheme is not compared; a segment `{name}` is any segment.
    pub path: String,
    /// What is answered.
    pub answer: SimulatedAnswer,
}

const ACCESS_PLACEHOLDER: &str = "{{token}}";
const REFRESH_PLACEHOLDER: &str = "{{refreshToken}}";

/// The answer for `request`, and why.
pub(super) fn answer(
    account: &mut Account,
    routes: &[SimulatedRoute],
    stand_in: Option<&mut StandIn>,
    request: &SimulatedRequest,
) -> (SimulatedAnswer, Verdict) {
    let route = routes.iter().find(|route| route.matches(request));
    let standing = account.standing(request);
    let asks_for_tokens = route.is_some_and(SimulatedRoute::issues) || is_login(request);
    if asks_for_tokens && account.may_log_in(request) {
        let tokens = match stand_in {
            Some(server) => {
                let issued = server.open_grant();
                account.know(&issued);
                issued.into()
            }
            None => account.issue(),
        };
        let answer = match route {
            Some(route) => route.filled(&tokens),
            None => SimulatedAnswer::json(200, tokens.answer()),
        };
        account.adopt(&answer.data);
        return (answer, Verdict::Issued);
    }
    match standing {
        Standing::Live => {
            let answer = match route {
                Some(route) => route.answer.clone(),
                None => SimulatedAnswer::json(200, plausible(request)),
            };
            (answer, Verdict::Accepted)
        }
        Standing::Expired => (
            refusal("invalid_token", "these credentials have expired"),
            Verdict::Expired,
        ),
        Standing::Unknown => (
            refusal("unauthorized", "there are no valid credentials"),
            Verdict::Unknown,
        ),
    }
}

/// The answer of an authorization server, in the words of the author's route for it. A request
/// that no server would take as it is may be what the route is for.
pub(super) fn answer_of_server(
    account: &mut Account,
    routes: &[SimulatedRoute],
    mut served: Served,
    stand_in: &mut StandIn,
    request: &SimulatedRequest,
) -> (SimulatedAnswer, Verdict) {
    let mut issuing = routes.iter().filter(|route| route.issues());
    let route = issuing.find(|route| route.matches(request));
    if let Some(route) = route {
        if served.tokens.is_none() && account.may_log_in(request) {
            served.tokens = Some(stand_in.open_grant());
            served.verdict = Verdict::Issued;
        }
        if let Some(tokens) = served.tokens.clone() {
            served.answer = route.filled(&tokens.into());
        }
    }
    if let Some(tokens) = &served.tokens {
        account.know(tokens);
        account.adopt(&served.answer.data);
    }
    if let Some(code) = served.code {
        account.know_code(code);
    }
    if served.verdict == Verdict::Revoked {
        account.end_issued();
    }
    (served.answer, served.verdict)
}

/// The answer where an authorization server of OAuth 1.0a stands in. What it says of a token gets
/// the members of the author's route for its endpoint as well; a request that is not signed at all
/// is one like any other.
pub(super) fn answer_with_signatures(
    account: &mut Account,
    routes: &[SimulatedRoute],
    server: &mut oauth1::StandIn,
    request: &SimulatedRequest,
    (head, body): (&request::Parts, &[u8]),
) -> (SimulatedAnswer, Verdict) {
    let route = routes.iter().find(|route| route.matches(request));
    let further = route.map(|route| &route.answer.data);
    if let Some(served) = server.answer(request, further, head, body) {
        return served;
    }
    match server.signed(head, body) {
        Signed::Well => {
            let answer = match route {
                Some(route) => route.answer.clone(),
                None => SimulatedAnswer::json(200, plausible(request)),
            };
            (answer, Verdict::Accepted)
        }
        Signed::Badly(answer, verdict) => (answer, verdict),
        Signed::NotAtAll => answer(account, routes, None, request),
    }
}

impl SimulatedRoute {
    fn matches(&self, request: &SimulatedRequest) -> bool {
        let fits = |method: &String| method.eq_ignore_ascii_case(&request.method);
        if !self.method.as_ref().is_none_or(fits) {
            return false;
        }
        let (pattern, address) = match self.path.split_once("://") {
            Some((_, pattern)) => (pattern.to_owned(), request.address()),
            None => (
                format!("/{}", self.path.trim_start_matches('/')),
                request.path.clone(),
            ),
        };
        let is_any = |segment: &str| segment.starts_with('{') && segment.ends_with('}');
        let mut actual = address.split('/');
        let same = pattern.split('/').all(|wanted| {
            actual
                .next()
                .is_some_and(|it| is_any(wanted) || it == wanted)
        });
        same && actual.next().is_none()
    }

    fn issues(&self) -> bool {
        let text = self.answer.data.to_string();
        text.contains(ACCESS_PLACEHOLDER) || text.contains(REFRESH_PLACEHOLDER)
    }

    fn filled(&self, tokens: &Tokens) -> SimulatedAnswer {
        let mut answer = self.answer.clone();
        fill(&mut answer.data, tokens);
        for (_, value) in &mut answer.headers {
            *value = replaced(value, tokens);
        }
        answer
    }
}

fn fill(value: &mut Value, tokens: &Tokens) {
    match value {
        Value::String(text) => *text = replaced(text, tokens),
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, tokens)),
        Value::Object(members) => members.values_mut().for_each(|item| fill(item, tokens)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn replaced(text: &str, tokens: &Tokens) -> String {
    text.replace(ACCESS_PLACEHOLDER, &tokens.access)
        .replace(REFRESH_PLACEHOLDER, &tokens.refresh)
}

/// Whether the path is one that APIs give out tokens at.
fn is_login(request: &SimulatedRequest) -> bool {
    let path = request.path.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| path.contains(word));
    let is_named_so = has(&["token", "session", "login", "signin", "authenticate"]);
    is_named_so || (request.method == "POST" && has(&["auth"]))
}

/// Something that an API could say to a request that is in order.
fn plausible(request: &SimulatedRequest) -> Value {
    if let Some(answer) = graphql::plausible(&request.data) {
        return answer;
    }
    json!({
        "id": "1",
        "name": "Simulated account",
        "email": "ada@example.com",
        "items": [],
    })
}

fn refusal(error: &str, message: &str) -> SimulatedAnswer {
    SimulatedAnswer {
        status: 401,
        headers: vec![("www-authenticate".into(), "Bearer".into())],
        data: json!({ "error": error, "message": message }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::exchange::tests::request;
    use super::*;
    use crate::options::TokenCheck;

    fn account() -> Account {
        let mut account = Account::new(TokenCheck {
            workspace_secret: Some("workspace".into()),
            now: None,
        });
        account.open(vec!["hunter2".into()]);
        account
    }

    fn route(path: &str, data: Value) -> SimulatedRoute {
        SimulatedRoute {
            method: None,
            path: path.into(),
            answer: SimulatedAnswer::json(200, data),
        }
    }

    #[test]
    fn without_routes_a_login_gives_tokens_and_a_resource_an_account() {
        let mut account = account();
        let login = request("POST", "/v1/login", "", "{\"password\":\"hunter2\"}");
        let (answer, verdict) = answer(&mut account, &[], None, &login);
        assert_eq!(verdict, Verdict::Issued);
        let header = format!(
            "authorization: Bearer {}",
            answer.data["token"].as_str().unwrap()
        );
        let (answer, verdict) =
            super::answer(&mut account, &[], None, &request("GET", "/me", &header, ""));
        assert_eq!((answer.status, verdict), (200, Verdict::Accepted));
        account.expire();
        let (answer, verdict) =
            super::answer(&mut account, &[], None, &request("GET", "/me", &header, ""));
        assert_eq!((answer.status, verdict), (401, Verdict::Expired));
    }

    #[test]
    fn a_wrong_password_gets_no_token() {
        let login = request("POST", "/login", "", "{\"password\":\"hunter3\"}");
        let (answer, verdict) = answer(&mut account(), &[], None, &login);
        assert_eq!((answer.status, verdict), (401, Verdict::Unknown));
    }

    #[test]
    fn a_route_needs_credentials_too() {
        let routes = [route("/things/{id}", json!({ "thing": true }))];
        let with = request("GET", "/things/7", "x-key: hunter2", "");
        let (given, _) = answer(&mut account(), &routes, None, &with);
        assert_eq!(given.data, json!({ "thing": true }));
        let without = request("GET", "/things/7", "", "");
        assert_eq!(
            answer(&mut account(), &routes, None, &without).0.status,
            401
        );
        let other = request("GET", "/things/7/parts", "x-key: hunter2", "");
        assert_ne!(
            answer(&mut account(), &routes, None, &other).0.data,
            given.data
        );
    }

    #[test]
    fn a_route_may_give_out_tokens() {
        let mut account = account();
        let routes = [route(
            "https://api.example.com/access",
            json!({ "data": { "jwt": "v1.{{token}}" } }),
        )];
        let login = request("PUT", "/access", "", "{\"pin\":\"hunter2\"}");
        let (given, verdict) = answer(&mut account, &routes, None, &login);
        assert_eq!(verdict, Verdict::Issued);
        let token = given.data.pointer("/data/jwt").unwrap().as_str().unwrap();
        assert!(token.starts_with("v1.simulated-access-token"));
        let header = format!("authorization: {token}");
        let (_, verdict) = answer(
            &mut account,
            &routes,
            None,
            &request("GET", "/x", &header, ""),
        );
        assert_eq!(verdict, Verdict::Accepted);
    }
}
