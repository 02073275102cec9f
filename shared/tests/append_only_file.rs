//! A Redis that keeps an append-only file, and is killed while it writes to it.
#![allow(clippy::unwrap_used, clippy::panic)]

mod conversing;

use conversing::{contents, create, open, send};
use testing::redis::RedisServer;

/// Bytes from the file's end: within the last `EXEC`, the expiry before it, and the write itself.
const CUTS: [u64; 4] = [5, 40, 120, 300];

#[tokio::test]
async fn what_is_left_of_a_write_that_was_cut_off_spoils_nothing_after_two_restarts() {
    for cut in CUTS {
        for deletes in [false, true] {
            let mut redis =
                RedisServer::start_with(&["--appendonly", "yes", "--appendfsync", "always"]);
            let store = open(&[("REDIS_URL", &redis.url())]).await;
            let id = create(&store).await;
            let first = send(&store, &id, "first").await;
            let write = async || match deletes {
                true => drop(store.delete(&id, &first, None).await),
                false => drop(send(&store, &id, "cut off").await),
            };
            write().await;

            redis.kill();
            redis.cut_append_only_file(cut);
            redis.restart();
            write().await;
            for number in 0..4 {
                send(&store, &id, &format!("later {number}")).await;
            }
            let before = contents(&store, &id).await;
            redis.restart();
            assert_eq!(contents(&store, &id).await, before, "{cut} bytes, a deletion: {deletes}");
        }
    }
}
