//! Tokens: who may speak, and in which conversation.
//!
//! A token is a JWT (RFC 7519) signed with HS256, so that checking it takes no trip anywhere:
//!
//! | claim | |
//! |---|---|
//! | `role` | `customer` or `agent` |
//! | `conversation` | the one conversation that the token is good for; a customer's always has it |
//! | `exp` | when it ends, in seconds since 1970 |
//! | `nbf` | optional: when it begins |
//! | `sub` | optional: whom the operator gave it to; not looked at |

use std::fmt;
use std::time::{Duration, SystemTime};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

use crate::auth::principal::Principal;
use crate::domain::conversation::ConversationId;
use crate::domain::message::Sender;
use crate::error::Error;

/// Bytes that a secret must have: as many as the hash that it keys (RFC 7518, section 3.2).
pub const MIN_SECRET_BYTES: usize = 32;
/// Bytes of the longest token that is looked at; ours have about 200.
const MAX_TOKEN_BYTES: usize = 4096;

/// Signs tokens, and tells true ones from others.
#[derive(Clone)]
pub struct Tokens {
    signing: EncodingKey,
    verifying: Vec<DecodingKey>,
    customer_life: Duration,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    role: Sender,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<String>,
    /// Read by jsonwebtoken itself, which takes a fraction as well.
    #[serde(skip_deserializing)]
    exp: u64,
}

impl Tokens {
    /// The first secret signs, all of them verify: so that one can take another's place.
    ///
    /// A customer's token is good for `customer_life`. `None` where there is no secret, or one
    /// shorter than [`MIN_SECRET_BYTES`].
    pub fn new(secrets: &[&str], customer_life: Duration) -> Option<Self> {
        super::hs256::install();
        let strong = secrets.iter().all(|secret| secret.len() >= MIN_SECRET_BYTES);
        let signing = EncodingKey::from_secret(secrets.first().filter(|_| strong)?.as_bytes());
        let verifying = secrets.iter().map(|secret| DecodingKey::from_secret(secret.as_bytes()));
        Some(Self { signing, verifying: verifying.collect(), customer_life })
    }

    /// A token for the customer of a conversation.
    pub fn for_customer(&self, conversation: &ConversationId) -> Result<String, Error> {
        self.sign(Sender::Customer, Some(conversation), self.customer_life)
    }

    /// A token for a role, good for one conversation or, where none is named, for all of them.
    pub fn sign(
        &self,
        role: Sender,
        conversation: Option<&ConversationId>,
        life: Duration,
    ) -> Result<String, Error> {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let exp = since_1970.unwrap_or_default().saturating_add(life).as_secs();
        let claims = Claims { role, conversation: conversation.map(ToString::to_string), exp };
        let token = encode(&Header::new(Algorithm::HS256), &claims, &self.signing);
        token.map_err(|error| Error::Internal(error.into()))
    }

    /// Whose a token is; [`Error::InvalidToken`] where it is nobody's, for whatever reason.
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
    /// Tells how many secrets there are, and none of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens of {} secrets", self.verifying.len())
    }
}
