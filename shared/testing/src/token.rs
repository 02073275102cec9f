//! Tokens as any backend makes them, and as nobody should: made by hand, not by what is tested.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac::{self, Key};
use serde_json::{Value, json};

/// A secret to start a service with.
pub const SECRET: &str = "a secret of the tests that is long enough";

/// A token with any header and claims, signed with HMAC-SHA-256.
pub fn sign(header: &Value, claims: &Value, secret: &str) -> String {
    let parts = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let signed = parts.join(".");
    let key = Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signature = hmac::sign(&key, signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A token with these claims, as it should be.
pub fn with_claims(claims: &Value) -> String {
    sign(&json!({"alg": "HS256", "typ": "JWT"}), claims, SECRET)
}

/// An agent's token, good for an hour.
pub fn agent() -> String {
    with_claims(&json!({"role": "agent", "exp": seconds_from_now(3600)}))
}

/// The token of an agent who has a name, good for an hour.
pub fn agent_named(sub: &str) -> String {
    with_claims(&json!({"role": "agent", "sub": sub, "exp": seconds_from_now(3600)}))
}

/// The token of an agent of one conversation, good for an hour.
pub fn bound_agent(conversation: &str) -> String {
    let id = conversation.rsplit('/').next();
    with_claims(&json!({"role": "agent", "conversation": id, "exp": seconds_from_now(3600)}))
}

/// The token of a conversation's customer, good for an hour; the conversation is given by its path.
pub fn customer(conversation: &str) -> String {
    let id = conversation.rsplit('/').next();
    with_claims(&json!({"role": "customer", "conversation": id, "exp": seconds_from_now(3600)}))
}

/// Some seconds from now, in seconds since 1970.
pub fn seconds_from_now(seconds: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    now.as_secs() as i64 + seconds
}
