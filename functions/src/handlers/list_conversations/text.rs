//! The waiting conversations as JSON, and as an event.

use shared::domain::queue::{Waiting, WaitingConversation};
use shared::domain::timestamp;

use crate::http::event_stream::push_event;

/// The first of the waiting conversations as JSON.
pub(super) fn json(waiting: &Waiting, limit: usize) -> String {
    let conversation = |conversation: &WaitingConversation| {
        let (id, created) = (conversation.id, timestamp::format(conversation.created_at()));
        format!(r#"{{"conversationId":"{id}","createdAt":"{created}"}}"#)
    };
    let first: Vec<_> = waiting.conversations.iter().take(limit).map(conversation).collect();
    let (first, cursor) = (first.join(","), waiting.cursor);
    format!(r#"{{"conversations":[{first}],"cursor":"{cursor}"}}"#)
}

/// Appends the event that tells of the queue.
pub(super) fn push_queue(text: &mut String, waiting: &Waiting, limit: usize) {
    push_event(text, &waiting.cursor, "queue", &json(waiting, limit));
}
