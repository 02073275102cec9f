//! What the connections for subscriptions report to the subscriber.

use redis::RedisError;

use crate::domain::conversation::ConversationId;
use crate::store::redis::topology::NodeId;

/// An event for the subscriber. Sending it fails only once the store is dropped and the subscriber has
/// ended.
pub(super) enum Event {
    /// A connection was opened.
    Opened,
    /// A connection could not be opened.
    NotOpened { node: NodeId, error: RedisError },
    /// A connection was closed.
    Closed { node: NodeId },
    /// A node refused to subscribe to a conversation's channel.
    Refused { id: ConversationId, node: NodeId, refusal: RedisError },
    /// It is time to reconcile a conversation.
    ReconcileDue { id: ConversationId },
}
