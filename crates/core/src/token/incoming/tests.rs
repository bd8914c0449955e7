use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::*;
use crate::Effects;
use crate::token::{GeneratedKey, OutgoingClaims, SigningAlgorithm, SigningKey};

const SECRET: &[u8] = b"a workspace secret";

fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

fn signed(algorithm: Algorithm, claims: &Value) -> String {
    jsonwebtoken::encode(
        &Header::new(algorithm),
        claims,
        &EncodingKey::from_secret(SECRET),
    )
    .unwrap()
}

fn verify(token: &str) -> Result<VerifiedToken, TokenError> {
    UnverifiedToken::parse(token)?.verify(&[VerificationKey::from_secret(SECRET)], now())
}

#[test]
fn customers_are_read_from_tokens_of_every_hmac_algorithm() {
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        let token = signed(
            algorithm,
            &json!({"iss": "k", "id": "c-1", "fields": {"plan": "pro"}}),
        );
        let caller = verify(&token).unwrap().caller;
        let Caller::Customer {
            internal_id,
            fields,
            ..
        } = caller
        else {
            panic!("{caller:?}")
        };
        assert_eq!(internal_id, "c-1");
        assert_eq!(fields.unwrap()["plan"], "pro");
    }
}

#[test]
fn the_workspace_key_claim_stands_in_for_the_issuer() {
    let token = signed(
        Algorithm::HS256,
        &json!({"workspaceKey": "k", "isAdmin": "true"}),
    );
    assert_eq!(
        UnverifiedToken::parse(&token).unwrap().unverified_issuer,
        "k"
    );
    assert_eq!(verify(&token).unwrap().caller, Caller::Admin { name: None });
}

#[test]
fn an_id_beside_is_admin_is_a_customer() {
    let token = signed(
        Algorithm::HS256,
        &json!({"iss": "k", "id": "c", "isAdmin": true}),
    );
    assert!(matches!(
        verify(&token).unwrap().caller,
        Caller::Customer { .. }
    ));
}

#[test]
fn an_expired_token_is_refused_with_its_time() {
    let token = signed(
        Algorithm::HS256,
        &json!({"iss": "k", "id": "c", "exp": now().as_second() - 60}),
    );
    assert!(matches!(verify(&token), Err(TokenError::Expired(_))));
}

#[test]
fn a_signature_by_another_secret_is_refused() {
    let token = signed(Algorithm::HS256, &json!({"iss": "k", "id": "c"}));
    let other = [VerificationKey::from_secret(b"another")];
    let refused = UnverifiedToken::parse(&token)
        .unwrap()
        .verify(&other, now());
    assert_eq!(refused, Err(TokenError::Signature("k".into())));
}

#[test]
fn an_unsigned_token_is_refused() {
    // {"alg":"none","typ":"JWT"} . {"iss":"k","isAdmin":true} . (no signature)
    let token = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJpc3MiOiJrIiwiaXNBZG1pbiI6dHJ1ZX0.";
    assert_eq!(
        UnverifiedToken::parse(token).unwrap_err(),
        TokenError::Algorithm
    );
}

#[test]
fn a_public_key_is_never_tried_as_an_hmac_secret() {
    let effects = Effects::of_the_system();
    let pair = GeneratedKey::new(SigningAlgorithm::Es256, &effects).unwrap();
    let public = serde_json::to_vec(&pair.public_jwk).unwrap();
    let claims = json!({"iss": "k", "isAdmin": true});
    let forged = jsonwebtoken::encode(
        &Header::new(Algorithm::HS256),
        &claims,
        &EncodingKey::from_secret(&public),
    )
    .unwrap();
    let keys = [VerificationKey::from_jwk(&pair.kid, "ES256", &pair.public_jwk).unwrap()];
    let refused = UnverifiedToken::parse(&forged)
        .unwrap()
        .verify(&keys, now());
    assert_eq!(refused, Err(TokenError::Algorithm));
}

#[test]
fn what_a_workspace_signs_verifies_with_the_public_half() {
    let effects = Effects::of_the_system();
    for algorithm in SigningAlgorithm::ASYMMETRIC {
        let pair = GeneratedKey::new(algorithm, &effects).unwrap();
        let key = SigningKey::from_pem(&pair.kid, algorithm, &pair.private_pem).unwrap();
        let fields = json!({"plan": "pro"});
        let claims = OutgoingClaims {
            workspace_key: "k",
            customer_id: "c-1",
            fields: &fields,
        };
        let (token, _) = claims.sign(&key, &effects).unwrap();
        let keys =
            [VerificationKey::from_jwk(&pair.kid, algorithm.as_str(), &pair.public_jwk).unwrap()];
        let verified = UnverifiedToken::parse(&token)
            .unwrap()
            .verify(&keys, effects.now())
            .unwrap();
        assert!(
            matches!(verified.caller, Caller::Customer { ref internal_id, .. } if internal_id == "c-1")
        );
    }
}

#[test]
fn the_public_jwk_has_no_private_member() {
    let effects = Effects::of_the_system();
    for algorithm in SigningAlgorithm::ASYMMETRIC {
        let jwk = GeneratedKey::new(algorithm, &effects).unwrap().public_jwk;
        for private in ["d", "p", "q", "dp", "dq", "qi"] {
            assert!(jwk.get(private).is_none(), "{private} in {algorithm:?}");
        }
    }
}

#[test]
fn oversized_and_shapeless_tokens_are_refused() {
    let long = "a".repeat(MAX_TOKEN_BYTES + 1);
    assert_eq!(
        UnverifiedToken::parse(&long).unwrap_err(),
        TokenError::TooLong
    );
    for shapeless in ["a", "a.b", "a.b.c", "..", "💥.💥.💥"] {
        assert!(UnverifiedToken::parse(shapeless).is_err(), "{shapeless}");
    }
}
