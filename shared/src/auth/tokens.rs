//! Tokens, which say who makes a request and for which conversation.
//!
//! A token is a JWT (RFC 7519) signed with HS256. Verifying it takes no request to anything:
//!
//! | claim | |
//! |---|---|
//! | `role` | `customer` or `agent` |
//! | `conversation` | the only conversation that the token is valid for; a customer's token without it is valid for creating alone |
//! | `exp` | when it expires, in seconds since 1970 |
//! | `nbf` | optional: when it becomes valid |
//! | `sub` | optional: whom the operator gave it to, by which an agent's conversations are known |

use std::fmt;
use std::time::{Duration, SystemTime};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Deserializer, Serialize};

use crate::auth::principal::Principal;
use crate::domain::conversation::ConversationId;
use crate::domain::sender::Sender;
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
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    #[serde(deserialize_with = "whole_seconds")]
    exp: u64,
}

/// Reads seconds that may have a fraction (RFC 7519, section 2), and rounds them as jsonwebtoken does
/// when it checks them.
fn whole_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    f64::deserialize(deserializer).map(|seconds| seconds.round() as u64)
}

impl Tokens {
    /// The first secret signs, and all of them verify, so that secrets can be rotated.
    ///
    /// A customer's token is valid for `customer_ttl`. `None` if there is no secret, or one that
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
        let conversation = conversation.map(ToString::to_string);
        let claims = Claims { role, conversation, sub: None, exp };
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
        let token = self.verifying.iter().find_map(decode);
        // No extension is understood here that a header could make critical (RFC 7515, 4.1.11).
        let token = token.filter(|token| token.header.crit.is_none());
        let claims = token.ok_or(Error::InvalidToken)?.claims;
        let conversation = claims.conversation.map(|id| id.parse()).transpose();
        let conversation = conversation.map_err(|_| Error::InvalidToken)?;
        let subject = claims.sub.filter(|subject| !subject.is_empty());
        // jsonwebtoken accepts a token throughout the second that `exp` names.
        let seconds = Duration::from_secs(claims.exp.saturating_add(1));
        let ends = SystemTime::UNIX_EPOCH.checked_add(seconds);
        Ok(Principal::Authenticated { role: claims.role, conversation, ends, subject })
    }
}

impl fmt::Debug for Tokens {
    /// Shows how many secrets there are, and none of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens of {} secrets", self.verifying.len())
    }
}

#[cfg(test)]
mod tests;
