//! Who asks, by the token in the request.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use lambda_http::{Request, RequestExt};
use shared::conversation::ConversationId;
use shared::error::Error;
use shared::speaker::Speaker;

use crate::path;
use crate::route::Route;
use crate::service::Service;

/// The query parameter with a token, for an `EventSource`, which cannot set headers
/// (RFC 6750, section 2.3).
const ACCESS_TOKEN: &str = "access_token";

/// Who asks, and the conversation of the path, which it may enter.
///
/// The token comes first: whoever has none learns nothing else.
pub(crate) fn entering(
    route: Route,
    service: &Service,
    request: &Request,
) -> Result<(Speaker, ConversationId), Error> {
    let speaker = match &service.tokens {
        None => Speaker::Anyone,
        Some(tokens) => tokens.verify(token(route, request)?)?,
    };
    let conversation = path::conversation_id(request)?;
    speaker.may_enter(&conversation)?;
    Ok((speaker, conversation))
}

fn token(route: Route, request: &Request) -> Result<&str, Error> {
    if let Some(token) = bearer(request.headers())? {
        return Ok(token);
    }
    let query = request.query_string_parameters_ref();
    match query.and_then(|query| query.first(ACCESS_TOKEN)) {
        // A link that somebody follows may read, and do nothing else.
        Some(token) if route == Route::GetConversation => Ok(token),
        _ => Err(Error::Unauthorized),
    }
}

/// The token in `Authorization` (RFC 6750, section 2.1).
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    let mut headers = headers.get_all(AUTHORIZATION).iter();
    let header = match (headers.next(), headers.next()) {
        (None, _) => return Ok(None),
        (Some(header), None) => header.to_str().map_err(|_| Error::InvalidToken)?,
        (Some(_), Some(_)) => return Err(Error::InvalidToken),
    };
    match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
        _ => Err(Error::InvalidToken),
    }
}
