use serde_json::{Value, json};
use testing::token::{SECRET, seconds_from_now, sign};

use super::*;

const AN_HOUR: Duration = Duration::from_secs(60 * 60);
const OTHER_SECRET: &str = "another secret of the tests, long enough";

fn tokens(secrets: &[&str]) -> Tokens {
    Tokens::new(secrets, AN_HOUR).unwrap()
}

fn id() -> ConversationId {
    "3f0c9e1a-8f64-4f0e-9d3b-0a1b2c3d4e5f".parse().unwrap()
}

/// Whose a token with this header and these claims is.
fn verify(header: &Value, claims: &Value) -> Option<Principal> {
    tokens(&[SECRET]).verify(&sign(header, claims, SECRET)).ok()
}

#[test]
fn a_token_is_verified_to_what_it_was_signed_for() {
    let tokens = tokens(&[SECRET]);
    for (role, conversation) in [
        (Sender::Agent, None),
        (Sender::Agent, Some(id())),
        (Sender::Customer, None),
        (Sender::Customer, Some(id())),
    ] {
        let token = tokens.sign(role, conversation.as_ref(), AN_HOUR).unwrap();
        let principal = tokens.verify(&token).unwrap();
        let ends = principal.ends();
        assert_eq!(principal, Principal::Authenticated { role, conversation, ends, subject: None });
    }
    let token = tokens.for_customer(&id()).unwrap();
    let principal = tokens.verify(&token).unwrap();
    let (role, conversation, ends) = (Sender::Customer, Some(id()), principal.ends());
    assert_eq!(principal, Principal::Authenticated { role, conversation, ends, subject: None });
}

#[test]
fn the_first_secret_signs_and_every_secret_verifies() {
    let (old, new) = (tokens(&[SECRET]), tokens(&[OTHER_SECRET, SECRET]));
    let signed_before = old.for_customer(&id()).unwrap();
    assert!(new.verify(&signed_before).is_ok());
    let signed_after = new.for_customer(&id()).unwrap();
    assert!(new.verify(&signed_after).is_ok());
    assert!(matches!(old.verify(&signed_after), Err(Error::InvalidToken)));
}

#[test]
fn a_token_is_invalid_before_its_time_and_after_it_and_without_an_end() {
    let header = json!({"alg": "HS256"});
    let claims = |nbf: i64, exp: i64| json!({"role": "agent", "nbf": seconds_from_now(nbf), "exp": seconds_from_now(exp)});
    assert!(verify(&header, &claims(-60, 60)).is_some());
    assert!(verify(&header, &claims(-120, -60)).is_none());
    assert!(verify(&header, &claims(60, 120)).is_none());
    assert!(verify(&header, &json!({"role": "agent"})).is_none());
}

#[test]
fn a_principal_knows_when_its_token_ends() {
    let ends = |exp: Value| {
        let principal = verify(&json!({"alg": "HS256"}), &json!({"role": "agent", "exp": exp}));
        principal.unwrap().ends()
    };
    let in_a_minute = seconds_from_now(60);
    let end = SystemTime::UNIX_EPOCH + Duration::from_secs(in_a_minute as u64 + 1);
    assert_eq!(ends(json!(in_a_minute)), Some(end));
    assert_eq!(ends(json!(in_a_minute as f64 + 0.25)), Some(end));
    assert_eq!(ends(json!(u64::MAX - 1)), None, "far beyond the clock");
    assert_eq!(Principal::Anonymous.ends(), None);
}

#[test]
fn a_token_of_another_algorithm_is_invalid() {
    let claims = json!({"role": "agent", "exp": seconds_from_now(60)});
    for algorithm in ["none", "None", "HS384", "HS512", "RS256", "ES256"] {
        assert!(verify(&json!({"alg": algorithm}), &claims).is_none(), "{algorithm}");
    }
}

#[test]
fn a_token_that_says_too_little_or_nonsense_is_invalid() {
    let header = json!({"alg": "HS256"});
    for mut claims in [
        json!({}),
        json!({"role": "boss"}),
        json!({"role": "agent", "conversation": "not a UUID"}),
        json!({"role": "agent", "conversation": 7}),
    ] {
        claims["exp"] = json!(seconds_from_now(60));
        assert!(verify(&header, &claims).is_none(), "{claims}");
    }
}

#[test]
fn a_token_that_is_altered_or_far_too_long_is_invalid() {
    let tokens = tokens(&[SECRET]);
    let token = tokens.for_customer(&id()).unwrap();
    for altered in ["", "x", &token[1..], &token[..token.len() - 1], &format!("{token}.")] {
        assert!(tokens.verify(altered).is_err(), "{altered}");
    }
    let long = "x".repeat(MAX_TOKEN_BYTES);
    let claims = json!({"role": "agent", "exp": seconds_from_now(60), "sub": long});
    assert!(verify(&json!({"alg": "HS256"}), &claims).is_none());
}

#[test]
fn no_tokens_are_made_of_weak_secrets_or_none() {
    assert!(Tokens::new(&[], AN_HOUR).is_none());
    assert!(Tokens::new(&[SECRET, "weak"], AN_HOUR).is_none());
}

#[test]
fn a_token_with_a_critical_extension_is_invalid() {
    let claims = json!({"role": "agent", "exp": seconds_from_now(60)});
    assert!(verify(&json!({"alg": "HS256"}), &claims).is_some());
    for critical in [json!(["exp"]), json!(["b64"]), json!([])] {
        assert!(verify(&json!({"alg": "HS256", "crit": critical}), &claims).is_none());
    }
}
