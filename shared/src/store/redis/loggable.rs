//! What may be logged of Redis's errors.

use redis::RedisError;

/// Returns an error's text without the arguments of the command. A server repeats them if it does
/// not know the command, and they may hold a password or a message's content.
pub(super) fn loggable(error: &RedisError) -> String {
    let text = error.to_string();
    match text.split_once(", with args beginning with") {
        Some((start, _)) => start.to_owned(),
        None => text,
    }
}
