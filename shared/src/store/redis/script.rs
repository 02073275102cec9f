//! The Lua scripts, each atomic and in one round trip.

use std::sync::LazyLock;

use redis::{Cmd, ErrorKind, RedisResult, ServerErrorKind, Value};

use super::client::Operation;
use super::connection::Request;
use super::retry::Attempt;

/// Adds a message.
pub(super) static SEND: LazyLock<Script> = LazyLock::new(|| {
    Script::new(include_str!("scripts/send_check.lua"), include_str!("scripts/send_write.lua"))
});
/// Blanks a message and says so.
pub(super) static DELETE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(include_str!("scripts/delete_check.lua"), include_str!("scripts/delete_write.lua"))
});

/// What all scripts share.
const BEGIN: &str = include_str!("scripts/begin.lua");
const PROLONG: &str = include_str!("scripts/prolong.lua");
const TELL: &str = include_str!("scripts/tell.lua");

/// Room for the fullest command, and for the bytes of a usual one beside its script, so that
/// building it rarely moves it.
const MAX_ARGUMENTS: usize = 16;
const COMMAND_BYTES: usize = 1024;

/// A script and its digest, by which a Redis that has seen it knows it.
pub(super) struct Script {
    text: String,
    digest: String,
}

/// What a script that wrote something, or did not, had to say.
pub(super) struct Reply {
    pub(super) word: String,
    /// Why followers could not be told of it.
    pub(super) publish_error: Option<String>,
}

impl Script {
    fn new(check: &str, write: &str) -> Self {
        let text = [BEGIN, check, PROLONG, write, TELL].concat();
        Self { digest: redis::Script::new(&text).get_hash().to_owned(), text }
    }

    /// Runs it on these keys, by its digest, and by its text where Redis has not seen it.
    pub(super) async fn run<T>(
        &self,
        operation: &mut Operation<'_>,
        keys: &[String],
        arguments: impl Fn(&mut Cmd, Attempt),
        parse: impl Fn(Reply) -> Option<T>,
    ) -> RedisResult<T> {
        let command = |name, script: &str, attempt| {
            let mut command = Cmd::with_capacity(MAX_ARGUMENTS, script.len() + COMMAND_BYTES);
            command.arg(name);
            command.arg(script).arg(keys.len()).arg(keys);
            arguments(&mut command, attempt);
            Request::Command(command)
        };
        let parse = |replies: Vec<Value>| {
            let [reply] = <[Value; 1]>::try_from(replies).ok()?;
            parse(Reply::from_value(reply)?)
        };
        let by_digest = |attempt| command("EVALSHA", &self.digest, attempt);
        match operation.run(by_digest, parse).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                operation.run(|attempt| command("EVAL", &self.text, attempt), parse).await
            }
            result => result,
        }
    }
}

impl Reply {
    fn from_value(value: Value) -> Option<Self> {
        let (word, publish_error) = match value {
            Value::Array(both) => {
                let [word, publish_error] = <[Value; 2]>::try_from(both).ok()?;
                (word, Some(text(publish_error)?))
            }
            word => (word, None),
        };
        Some(Self { word: text(word)?, publish_error })
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::event_log::FRONT_LENGTH;

    #[test]
    fn the_scripts_know_where_the_log_begins() {
        let length = format!("FRONT_LENGTH = {FRONT_LENGTH}\n");
        assert!(super::BEGIN.contains(&length));
    }
}
