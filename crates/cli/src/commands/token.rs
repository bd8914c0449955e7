//! `authbridge token`.

use std::io::{IsTerminal as _, Read as _};
use std::process::ExitCode;

use authbridge_core::Effects;
use authbridge_core::secret::ExposeSecret as _;
use authbridge_core::token::{Caller, CallerClaims, SigningKey, UnverifiedToken, VerificationKey};
use serde_json::{Map, Value, json};

use crate::args::{Credentials, Mint, Token};
use crate::error::CliError;
use crate::output::Output;

pub(super) fn run(command: Token, output: Output, effects: &Effects) -> Result<ExitCode, CliError> {
    match command {
        Token::Mint(mint) => {
            let token = sign(&mint, effects)?;
            output.result(&format!("{token}\n"), &json!({ "token": token }))?;
            Ok(ExitCode::SUCCESS)
        }
        Token::Verify { token, workspace } => {
            let token = match token {
                Some(token) => token,
                None => from_standard_input(output)?,
            };
            if token.trim().is_empty() {
                return Err(CliError::usage(
                    "there is no token to verify",
                    "give it as an argument, or on standard input",
                ));
            }
            verify(token.trim(), workspace.required()?, output, effects)
        }
    }
}

fn sign(mint: &Mint, effects: &Effects) -> Result<String, CliError> {
    let workspace = mint.workspace.required()?;
    if mint.customer.as_deref().is_some_and(str::is_empty) {
        return Err(CliError::usage(
            "the customer's id is empty",
            "give your own id of the customer, such as --customer user-42",
        ));
    }
    let mut claims = Map::new();
    match &mint.customer {
        Some(customer) => claims.insert("id".into(), customer.as_str().into()),
        None => claims.insert("isAdmin".into(), true.into()),
    };
    claims.extend(
        mint.name
            .as_deref()
            .map(|name| ("name".into(), name.into())),
    );
    if !mint.field.is_empty() {
        let fields: Map<String, Value> = mint
            .field
            .iter()
            .map(|field| read_field(field))
            .collect::<Result<_, _>>()?;
        claims.insert("fields".into(), fields.into());
    }
    let claims = CallerClaims {
        workspace_key: workspace.key,
        claims,
        lifetime_seconds: mint.expires_in,
    };
    let key = SigningKey::from_secret(workspace.secret.expose_secret().as_bytes());
    claims
        .sign(&key, effects)
        .ok_or_else(|| CliError::failed("the token cannot be signed"))
}

/// `name=value`; a value that is JSON is taken as such, any other as text.
fn read_field(text: &str) -> Result<(String, Value), CliError> {
    let (name, value) = text
        .split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or_else(|| {
            CliError::usage(format!("`{text}` is not a field"), "write --field plan=pro")
        })?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
    Ok((name.to_owned(), value))
}

fn verify(
    token: &str,
    workspace: Credentials<'_>,
    output: Output,
    effects: &Effects,
) -> Result<ExitCode, CliError> {
    let refused = |error: authbridge_core::token::TokenError| CliError::failed(error.to_string());
    let unverified = UnverifiedToken::parse(token).map_err(refused)?;
    if unverified.unverified_issuer != workspace.key {
        return Err(CliError::failed(format!(
            "the token is of the workspace `{}`, not of `{}`",
            unverified.unverified_issuer, workspace.key
        )));
    }
    let keys = [VerificationKey::from_secret(
        workspace.secret.expose_secret().as_bytes(),
    )];
    let verified = unverified.verify(&keys, effects.now()).map_err(refused)?;
    let expires_at = verified.expires_at.map(|at| at.to_string());
    let (text, mut value) = match verified.caller {
        Caller::Admin { name } => (
            format!("admin {}", name.as_deref().unwrap_or("without a name")),
            json!({ "admin": true, "name": name }),
        ),
        Caller::Customer {
            internal_id,
            name,
            fields,
        } => (
            format!(
                "customer {internal_id} ({})",
                name.as_deref().unwrap_or("without a name")
            ),
            json!({ "customer": internal_id, "name": name, "fields": fields }),
        ),
    };
    let until = expires_at.as_deref().unwrap_or("for ever: it has no `exp`");
    if let Value::Object(members) = &mut value {
        members.insert("expiresAt".into(), expires_at.clone().into());
    }
    output.result(&format!("valid: {text}\nuntil: {until}\n"), &value)?;
    Ok(ExitCode::SUCCESS)
}

fn from_standard_input(output: Output) -> Result<String, CliError> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        output.note("paste the token, then press Ctrl-D")?;
    }
    let mut token = String::new();
    let limit = authbridge_core::token::MAX_TOKEN_BYTES as u64 + 2;
    stdin.take(limit).read_to_string(&mut token)?;
    Ok(token)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::read_field;

    #[test]
    fn a_field_is_json_where_it_can_be_and_text_otherwise() {
        assert_eq!(
            read_field("plan=pro").unwrap(),
            ("plan".into(), json!("pro"))
        );
        assert_eq!(read_field("seats=3").unwrap(), ("seats".into(), json!(3)));
        assert_eq!(read_field("a=b=c").unwrap(), ("a".into(), json!("b=c")));
    }

    #[test]
    fn a_field_needs_a_name() {
        assert!(read_field("plan").is_err());
        assert!(read_field("=pro").is_err());
    }
}
