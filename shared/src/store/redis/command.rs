//! What one round trip sends to Redis, and how its replies are read.

use redis::{Cmd, Pipeline, Value};

use super::retry::Attempt;
use crate::domain::conversation::ConversationId;

/// A command on one conversation, or several that only read.
pub(super) trait Command {
    /// What the replies say.
    type Reply;

    /// Builds the request of one attempt.
    fn request(&self, id: &ConversationId, attempt: Attempt) -> Request;

    /// Reads the replies. `None` means that they cannot belong to this command; then the connection
    /// is given up.
    fn parse(&self, id: &ConversationId, replies: Vec<Value>) -> Option<Self::Reply>;
}

/// The bytes of one round trip.
pub(super) enum Request {
    Command(Cmd),
    Pipeline(Pipeline),
}

impl Request {
    /// Puts commands into one round trip.
    pub(super) fn pipeline<const N: usize>(commands: [Cmd; N]) -> Self {
        let mut pipeline = Pipeline::with_capacity(N);
        for command in commands {
            pipeline.add_command(command);
        }
        Self::Pipeline(pipeline)
    }
}

/// Takes the replies apart, if there are as many as expected.
pub(super) fn exactly<const N: usize>(replies: Vec<Value>) -> Option<[Value; N]> {
    replies.try_into().ok()
}
