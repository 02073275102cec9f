//! A Redis that keeps an append-only file, and is killed while it writes to it.

use crate::conversing::{contents, create, open, pending, send};
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

/// Kills Redis as if in the middle of the last transaction, and lets its first half come back.
fn half_of_the_last_write(redis: &mut RedisServer, cut: u64, other: impl Fn(&RedisServer)) {
    redis.kill();
    redis.cut_append_only_file(cut);
    redis.restart();
    other(redis);
    redis.restart();
}

#[tokio::test]
async fn a_send_and_a_deletion_that_came_back_by_half_are_finished_by_who_repeats_them() {
    for cut in (20..440).step_by(60) {
        let mut redis =
            RedisServer::start_with(&["--appendonly", "yes", "--appendfsync", "always"]);
        let store = open(&[("REDIS_URL", &redis.url())]).await;
        let id = create(&store).await;
        let first = send(&store, &id, "first").await;
        store.send(&id, &pending(&id, "remembered", Some("another"))).await.unwrap();
        for deletes in [false, true] {
            match deletes {
                true => store.delete(&id, &first, None).await.unwrap(),
                false => drop(store.send(&id, &pending(&id, "once", Some("key"))).await.unwrap()),
            }
            half_of_the_last_write(&mut redis, cut, |redis| {
                redis.command(&["SET", "elsewhere", "x"]);
            });
            match deletes {
                true => drop(store.delete(&id, &first, None).await),
                false => drop(store.send(&id, &pending(&id, "once", Some("key"))).await.unwrap()),
            }
            let there = contents(&store, &id).await;
            let expected = if deletes { 0 } else { 1 };
            let count = |content: &str| there.iter().filter(|one| *one == content).count();
            assert_eq!(count("first"), expected, "{cut} bytes: {there:?}");
            assert_eq!(count("once"), 1, "{cut} bytes: {there:?}");
        }
    }
}
