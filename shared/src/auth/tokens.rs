//! Tokens, which say who makes a request and for which conversation.
//!
//! A token is a JWT (RFC 7519) signed with HS256. Verifying it takes no request to anything:
//!
//! | claim | |
//! |---|---|
//! | `role` | `customer` or `agent` |
//! | `conversation` | the only conversation that the token is valid for; required for a customer |
//! | `exp` | when it expires, in seconds since 1970 |
//! | `nbf` | optional: when it becomes valid |
//! | `sub` | optional: whom the operator gave it to; ignored |

use std::fmt;
use std::time::{Duration, SystemTime};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

use crate::auth::principal::Principal;
use crate::domain::conversation::ConversationId;
use crate::domain::message::Sender;
use crate::error::Error;

/// How many bytes a secret must have: as many as the hash has (RFC 7518, section 3.2).
pub const MIN_SECRET_BYTES: usize = 32;
/// How many bytes a token may have; ours have about 200.
const MAX_TOKEN_BYTES: usize = 4096;

/// Signs tokens and verifies them.
#[derive(Clone)]
pub struct Tokens {
    signing: EncodingKey,
    verifying: Vec<DecodingKey>,
    customer_ttl: Duration,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    role: Sender,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<String>,
    /// jsonwebtoken reads and checks it by itself, and accepts a fraction.
    #[serde(skip_deserializing)]
    exp: u64,
}

impl Tokens {
    /// The first secret signs, and all of them verify, so that secrets can be rotated.
    ///
    /// A customer's token is valid for `customer_ttl`. `None` where there is no secret, or one that
    /// is shorter than [`MIN_SECRET_BYTES`].
    pub fn new(secrets: &[&str], customer_ttl: Duration) -> Option<Self> {
        super::hs256::install();
        let strong = secrets.iter().all(|secret| secret.len() >= MIN_SECRET_BYTES);
        let signing = EncodingKey::from_secret(secrets.first().filter(|_| strong)?.as_bytes());
        let verifying = secrets.iter().map(|secret| DecodingKey::from_secret(secret.as_bytes()));
        Some(Self { signing, verifying: verifying.collect(), customer_ttl })
    }

    /// Signs a token for the customer of a conversation.
    pub fn for_customer(&self, conversation: &ConversationId) -> Result<String, Error> {
        self.sign(Sender::Customer, Some(conversation), self.customer_ttl)
    }

    /// Signs a token for a role, valid for one conversation or, with `None`, for all.
    pub fn sign(
        &self,
        role: Sender,
        conversation: Option<&ConversationId>,
        ttl: Duration,
    ) -> Result<String, Error> {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let exp = since_1970.unwrap_or_default().saturating_add(ttl).as_secs();
        let claims = Claims { role, conversation: conversation.map(ToString::to_string), exp };
        let token = encode(&Header::new(Algorithm::HS256), &claims, &self.signing);
        token.map_err(|error| Error::Internal(error.into()))
    }

    /// Returns the principal of a token, or [`Error::InvalidToken`] for whatever reason it is invalid.
    pub fn verify(&self, token: &str) -> Result<Principal, Error> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Error::InvalidToken);
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.validate_nbf = true;
        let decode = |key| decode::<Claims>(token, key, &validation).ok();
        let claims = self.verifying.iter().find_map(decode).ok_or(Error::InvalidToken)?.claims;
        let conversation = claims.conversation.map(|id| id.parse()).transpose();
        match (claims.role, conversation) {
            (_, Err(_)) | (Sender::Customer, Ok(None)) => Err(Error::InvalidToken),
            (role, Ok(conversation)) => Ok(Principal::Authenticated { role, conversation }),
        }
    }
}

impl fmt::Debug for Tokens {
    /// Shows how many secrets there are, and none of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens of {} secrets", self.verifying.len())
    }
}

#[cfg(test)]
mod tests {
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
        for (role, conversation) in
            [(Sender::Agent, None), (Sender::Agent, Some(id())), (Sender::Customer, Some(id()))]
        {
            let token = tokens.sign(role, conversation.as_ref(), AN_HOUR).unwrap();
            let principal = tokens.verify(&token).unwrap();
            assert_eq!(principal, Principal::Known { role, conversation });
        }
        let token = tokens.for_customer(&id()).unwrap();
        let customer = Principal::Known { role: Sender::Customer, conversation: Some(id()) };
        assert_eq!(tokens.verify(&token).unwrap(), customer);
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
            json!({"role": "customer"}),
            json!({"role": "customer", "conversation": null}),
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
}
