//! What the handlers share.

use std::time::Duration;

use shared::auth::tokens::Tokens;
use shared::store::Store;
use shared::store::queue::Queue;

/// The state that every handler is given. Cloning it shares it.
#[derive(Clone, Debug)]
pub struct AppState {
    /// Where the conversations live.
    pub store: Store,
    /// The conversations that wait for an agent; `None` if they are not listed.
    pub queue: Option<Queue>,
    /// How an event stream is answered.
    pub stream_mode: StreamMode,
    /// Verifies tokens; `None` if everybody may do everything.
    pub tokens: Option<Tokens>,
    /// Whether creating a conversation takes no token.
    pub open_creation: bool,
}

impl AppState {
    /// Returns how long a request may be held that wants to wait for some time.
    pub(crate) fn bounded(&self, wait: Duration) -> Duration {
        match self.stream_mode {
            StreamMode::Live => wait,
            StreamMode::LongPoll { hold, .. } => wait.min(hold),
        }
    }
}

/// How an event stream is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamMode {
    /// The response is held open, and each event is sent as it happens.
    Live,
    /// The response is held back until something happens, and then ends; the client asks again.
    /// An HTTP API of API Gateway buffers a response, so nothing would arrive before its end.
    LongPoll {
        /// How long a response is held back at most.
        hold: Duration,
        /// After how long the client asks again.
        retry: Duration,
    },
}
