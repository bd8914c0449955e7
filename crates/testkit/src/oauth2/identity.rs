//! Who the client is (RFC 6749 section 2.3).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::options::{Client, ClientAuthMethod};
use super::parameters::Parameters;
use super::refusal::Refusal;
use crate::query;

/// What a client says of itself.
struct Claim {
    method: ClientAuthMethod,
    id: String,
    secret: String,
}

/// The client that made a request.
pub(super) fn authenticate<'c>(
    clients: &'c [Client],
    headers: &HeaderMap,
    parameters: &Parameters,
) -> Result<&'c Client, Refusal> {
    let claim = claim(headers, parameters)?;
    let client = clients
        .iter()
        .find(|client| client.id == claim.id)
        .ok_or_else(|| Refusal::client("there is no such client"))?;
    if !client.methods.contains(&claim.method) {
        let message = "the client may not prove who it is in this way";
        return Err(Refusal::client(message));
    }
    if claim.method == ClientAuthMethod::None || client.secrets.contains(&claim.secret) {
        return Ok(client);
    }
    Err(Refusal::client("the client secret is wrong"))
}

/// Whether a request says nothing of its client, as those with an assertion may (RFC 7521
/// section 4.1).
pub(super) fn is_anonymous(headers: &HeaderMap, parameters: &Parameters) -> bool {
    let named = ["client_id", "client_secret"];
    !headers.contains_key(AUTHORIZATION) && named.iter().all(|name| parameters.get(name).is_none())
}

fn claim(headers: &HeaderMap, parameters: &Parameters) -> Result<Claim, Refusal> {
    let id = parameters.get("client_id");
    let secret = parameters.get("client_secret");
    let Some(header) = headers.get(AUTHORIZATION) else {
        let id = id.ok_or_else(|| Refusal::client("the request does not say whose it is"))?;
        return Ok(Claim {
            method: match secret {
                Some(_) => ClientAuthMethod::Body,
                None => ClientAuthMethod::None,
            },
            id: id.to_owned(),
            secret: secret.unwrap_or_default().to_owned(),
        });
    };
    let (basic_id, basic_secret) = basic(header.as_bytes())
        .ok_or_else(|| Refusal::client("the header `authorization` is not as it must be"))?;
    if id.is_some_and(|id| id != basic_id) || secret.is_some_and(|it| it != basic_secret) {
        return Err(Refusal::client("header and parameters contradict"));
    }
    Ok(Claim {
        method: match secret {
            Some(_) => ClientAuthMethod::Both,
            None => ClientAuthMethod::Basic,
        },
        id: basic_id,
        secret: basic_secret,
    })
}

/// Both parts were form-encoded before they were joined (RFC 6749 section 2.3.1).
fn basic(header: &[u8]) -> Option<(String, String)> {
    let (scheme, value) = str::from_utf8(header).ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    Some((
        query::decoded(id).into_owned(),
        query::decoded(secret).into_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pair: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let value = format!("basic {}", STANDARD.encode(pair));
        headers.insert(AUTHORIZATION, value.parse().unwrap());
        headers
    }

    fn parameters(form: &str) -> Parameters {
        Parameters::of_form(Some(form)).ok().unwrap()
    }

    fn client(methods: &[ClientAuthMethod]) -> Client {
        Client {
            secrets: vec!["s:1 +%".into(), "new".into()],
            methods: methods.to_vec(),
            ..Client::confidential("a b", "")
        }
    }

    fn check(
        methods: &[ClientAuthMethod],
        headers: &HeaderMap,
        form: &str,
    ) -> Result<String, String> {
        authenticate(&[client(methods)], headers, &parameters(form))
            .map(|client| client.id.clone())
            .map_err(|refusal| refusal.code)
    }

    #[test]
    fn both_parts_of_basic_credentials_are_form_decoded() {
        let basic = [ClientAuthMethod::Basic];
        let encoded = headers("a+b:s%3A1+%2B%25");
        assert_eq!(check(&basic, &encoded, ""), Ok("a b".into()));
        assert_eq!(check(&basic, &headers("a b:new"), ""), Ok("a b".into()));
        let raw = headers("a b:s:1 +%");
        assert_eq!(check(&basic, &raw, ""), Err("invalid_client".into()));
    }

    #[test]
    fn each_method_is_accepted_only_where_it_is_registered() {
        let requests = [
            (ClientAuthMethod::Basic, headers("a+b:new"), ""),
            (
                ClientAuthMethod::Body,
                HeaderMap::new(),
                "client_id=a+b&client_secret=new",
            ),
            (
                ClientAuthMethod::Both,
                headers("a+b:new"),
                "client_id=a+b&client_secret=new",
            ),
            (ClientAuthMethod::None, HeaderMap::new(), "client_id=a+b"),
        ];
        for (sent, headers, form) in &requests {
            for (registered, ..) in &requests {
                let outcome = check(&[*registered], headers, form);
                assert_eq!(
                    outcome.is_ok(),
                    sent == registered,
                    "{sent:?} {registered:?}"
                );
            }
        }
    }

    #[test]
    fn contradictions_strangers_and_wrong_secrets_are_refused() {
        let any = [
            ClientAuthMethod::Basic,
            ClientAuthMethod::Both,
            ClientAuthMethod::Body,
        ];
        for (headers, form) in [
            (headers("a+b:new"), "client_id=c"),
            (headers("a+b:new"), "client_secret=old"),
            (headers("a+b:old"), ""),
            (headers("c:new"), ""),
            (headers("no colon"), ""),
            (HeaderMap::new(), "client_id=a+b&client_secret=old"),
            (HeaderMap::new(), ""),
        ] {
            assert_eq!(
                check(&any, &headers, form),
                Err("invalid_client".into()),
                "{form}"
            );
        }
    }
}
