//! `POST /api/conversations/{conversationId}/events`: tells what happens beside messages.

use http::StatusCode;
use shared::domain::event::{EventKind, NewEvent};
use shared::error::Error;

use crate::auth::authorize;
use crate::http::request::Request;
use crate::http::response::{self, Response};
use crate::state::AppState;

pub(crate) async fn handle(state: &AppState, request: &Request) -> Result<Response, Error> {
    let (principal, conversation) = authorize(state, request)?;
    let NewEvent { sender, kind } = NewEvent::from_json(request.plain_body()?)?;
    principal.require_role(sender)?;

    let store = &state.store;
    match kind {
        EventKind::Typing => store.notify_typing(&conversation, sender).await?,
        EventKind::Seen(cursor) => store.mark_seen(&conversation, sender, cursor).await?,
        EventKind::Joined(name) => {
            let taker = principal.taker(&conversation, name.as_deref());
            store.join(&conversation, taker, name.as_deref()).await?;
        }
        EventKind::Closed(reason) => {
            store.close(&conversation, sender, reason.as_deref()).await?;
        }
    }

    Ok(response::json(StatusCode::OK, "{\"message\":\"Event accepted\"}"))
}
