//! The Lua scripts.

use std::sync::LazyLock;

use redis::{Cmd, ErrorKind, RedisResult, ServerErrorKind, Value};

use super::connection::Connection;
use super::tries::Try;

pub(super) static SEND: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("send.lua")));
pub(super) static DELETE: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("delete.lua")));

/// Room for the fullest command, and for the bytes of a usual one beside its script, so that
/// building it rarely moves it.
const MAX_ARGUMENTS: usize = 16;
const COMMAND_BYTES: usize = 1024;

/// A script and its digest, by which a Redis that has seen it knows it.
pub(super) struct Script {
    text: &'static str,
    digest: String,
}

impl Script {
    fn new(text: &'static str) -> Self {
        Self { text, digest: redis::Script::new(text).get_hash().to_owned() }
    }

    /// Runs it on these keys, by its digest, and by its text where Redis has not seen it.
    pub(super) async fn run<T>(
        &self,
        connection: &Connection,
        keys: &[String],
        arguments: impl Fn(&mut Cmd, Try),
        parse: impl Fn(&str) -> Option<T>,
    ) -> RedisResult<T> {
        let command = |name, script: &str, attempt| {
            let mut command = Cmd::with_capacity(MAX_ARGUMENTS, script.len() + COMMAND_BYTES);
            command.arg(name);
            command.arg(script).arg(keys.len()).arg(keys);
            arguments(&mut command, attempt);
            command
        };
        let parse = |reply| match reply {
            Value::BulkString(bytes) => parse(std::str::from_utf8(&bytes).ok()?),
            _ => None,
        };
        let by_digest = connection.run(|attempt| command("EVALSHA", &self.digest, attempt), parse);
        match by_digest.await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                // What was refused may have been the second try, with the first still on its way.
                connection.run(|_| command("EVAL", self.text, Try::Again), parse).await
            }
            result => result,
        }
    }
}
