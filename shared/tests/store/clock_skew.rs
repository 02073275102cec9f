//! A Redis whose clock is not ours.

use crate::conversing::{create, open};
use shared::domain::cursor::Cursor;
use shared::error::Error;
use shared::store::reader::ConversationReader;
use testing::redis::{Program, RedisServer, calls};
use testing::wait::PATIENCE;
use tokio::time::{Instant, timeout};

/// Seconds by which a clock is ahead or behind.
const SKEW: i32 = 3600;

#[tokio::test]
async fn a_follower_is_told_the_end_in_time_by_whatever_clock_and_looks_no_more_than_needed() {
    for seconds in [SKEW, -SKEW] {
        let redis = RedisServer::start_program(Program::with_clock(seconds), &[]);
        let variables = [("REDIS_URL", redis.url()), ("CONVERSATION_TTL_SECONDS", "2".to_owned())];
        let store = open(&variables.each_ref().map(|(name, value)| (*name, value.as_str()))).await;
        let id = create(&store).await;
        let mut reader = ConversationReader::new(&store, id, Cursor::START);
        let next = timeout(PATIENCE, reader.next(Instant::now() + 2 * PATIENCE, u32::MAX)).await;
        let ended = next.expect("an end");
        assert!(matches!(ended, Err(Error::ConversationNotFound)), "{seconds}: {ended:?}");
        // When it came, when it was subscribed, its clock, and at the end: the clock and a look.
        let looks = calls(&redis, "pexpiretime");
        assert!(looks <= 5, "{seconds}: {looks} looks");
    }
}
