//! Authentication and authorization, by the token in a request.

use http::Method;
use http::header::AUTHORIZATION;
use shared::auth::principal::Principal;
use shared::domain::conversation::ConversationId;
use shared::error::Error;

use crate::http::request::Request;
use crate::state::AppState;

/// The query parameter with a token, for an `EventSource`, which cannot set headers
/// (RFC 6750, section 2.3).
const ACCESS_TOKEN: &str = "access_token";

/// Authenticates the caller, and authorizes it for the conversation in the path.
///
/// The token is verified first: a caller without one learns nothing else.
pub(crate) fn authorize(
    state: &AppState,
    request: &Request,
) -> Result<(Principal, ConversationId), Error> {
    let principal = authenticate(state, request)?;
    principal.require_more_than_creating()?;
    let conversation = request.conversation_id()?;
    principal.require_access(&conversation)?;
    Ok((principal, conversation))
}

/// Authenticates the caller, and authorizes it to see which conversations wait.
pub(crate) fn authorize_queue(state: &AppState, request: &Request) -> Result<Principal, Error> {
    let principal = authenticate(state, request)?;
    principal.require_queue()?;
    Ok(principal)
}

fn authenticate(state: &AppState, request: &Request) -> Result<Principal, Error> {
    match &state.tokens {
        None => Ok(Principal::Anonymous),
        Some(tokens) => tokens.verify(token(request)?),
    }
}

/// Authenticates the caller of a creation, if creating takes a token: one that is bound to no
/// conversation.
pub(crate) fn authorize_creation(state: &AppState, request: &Request) -> Result<(), Error> {
    match &state.tokens {
        Some(tokens) if !state.open_creation => {
            tokens.verify(token(request)?)?.require_any_conversation()
        }
        _ => Ok(()),
    }
}

fn token(request: &Request) -> Result<&str, Error> {
    if let Some(token) = bearer_token(request)? {
        return Ok(token);
    }
    // A token in the query is accepted only for reading.
    let reads = matches!(request.method, Method::GET | Method::HEAD);
    let token = request.query_parameter(ACCESS_TOKEN).filter(|_| reads);
    token.ok_or(Error::Unauthorized)
}

/// Returns the token in `Authorization` (RFC 6750, section 2.1). Another scheme counts as no token.
fn bearer_token(request: &Request) -> Result<Option<&str>, Error> {
    let headers = request.headers.get_all(AUTHORIZATION).iter();
    let headers = headers.filter_map(|header| header.to_str().ok());
    let mut tokens = headers.filter_map(|header| {
        let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    match (tokens.next(), tokens.next()) {
        (token, None) => Ok(token),
        (_, Some(_)) => Err(Error::InvalidToken),
    }
}
