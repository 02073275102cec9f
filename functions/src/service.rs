//! What the handlers answer from.

use shared::store::Store;
use shared::tokens::Tokens;

/// A store, and how its conversations are followed. Cloning it shares it.
#[derive(Clone, Debug)]
pub struct Service {
    /// Where the conversations live.
    pub store: Store,
    /// How an event stream is answered.
    pub streams: Streams,
    /// Who may speak; `None` lets everybody.
    pub tokens: Option<Tokens>,
}

/// How an event stream is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streams {
    /// Held open, each event leaving as it happens.
    Open,
    /// Held until something happens, and then ended: behind API Gateway, which buffers an answer,
    /// nothing would arrive before the end. The client comes back for more.
    Batched,
}
