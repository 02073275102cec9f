//! Passwords that are valid for a few seconds, as ElastiCache's are for a user who logs in by IAM.
//!
//! Redis cannot check a signature, so it is told beforehand which tokens will be signed.

use std::time::{Duration, SystemTime};

use crate::redis::RedisServer;
use crate::wait::until;

/// Makes a user's only passwords the tokens of the last second and of the next half minute.
pub fn accept_only_fresh_tokens(
    redis: &RedisServer,
    user: &str,
    token: impl Fn(SystemTime) -> String,
) {
    let last_second = SystemTime::now() - Duration::from_secs(1);
    let passwords =
        (0..32).map(|second| format!(">{}", token(last_second + Duration::from_secs(second))));
    let words = ["ACL", "SETUSER", user, "resetpass"].map(str::to_owned);
    let words: Vec<String> = words.into_iter().chain(passwords).collect();
    redis.expect_ok(&words.iter().map(String::as_str).collect::<Vec<_>>());
}

/// Waits until no token that was signed before is fresh, and refuses those from then on.
pub async fn outdate_tokens(redis: &RedisServer, user: &str, token: impl Fn(SystemTime) -> String) {
    let before = SystemTime::now();
    until("all tokens of before are outdated", async || {
        SystemTime::now() >= before + Duration::from_millis(2100)
    })
    .await;
    accept_only_fresh_tokens(redis, user, &token);
    assert!(redis.command(&["AUTH", user, &token(before)]).starts_with("-WRONGPASS"));
    redis.expect_ok(&["ACL", "LOG", "RESET"]);
}

/// Fails where a login or a command was refused since the last reset.
pub fn assert_nothing_was_refused(redis: &RedisServer) {
    assert_eq!(redis.command(&["ACL", "LOG"]), "*0\r\n", "something was refused");
}
