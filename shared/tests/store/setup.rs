//! A Redis that is there and is not set up for us: refused as unavailable, with nothing half-done.

use crate::conversing::{contents, create, open, pending, read, send};
use shared::domain::conversation::ConversationId;
use shared::domain::cursor::Cursor;
use shared::domain::message_id::MessageId;
use shared::domain::version::KnownVersions;
use shared::error::Error;
use shared::store::reader::{ConversationReader, Next};
use shared::store::{PendingConversation, Sent, Store, log_end};
use testing::redis::RedisServer;
use testing::wait::PATIENCE;
use tokio::time::Instant;

/// A Redis, the store of one who may do everything, and that of a user to be limited.
struct Setup {
    redis: RedisServer,
    admin: Store,
    user: Store,
}

impl Setup {
    async fn start() -> Self {
        let redis = RedisServer::start();
        redis.expect_ok(&["ACL SETUSER parley on >secret ~chat:* resetchannels &chat:* +@all"]);
        let admin = open(&[("REDIS_URL", &redis.url())]).await;
        let url = format!("redis://parley:secret@127.0.0.1:{}", redis.port());
        let user = open(&[("REDIS_URL", &url)]).await;
        Self { redis, admin, user }
    }

    fn limit(&self, rules: &str) {
        self.redis.expect_ok(&[&format!("ACL SETUSER parley {rules}")]);
    }

    async fn conversation(&self) -> (ConversationId, MessageId) {
        let id = create(&self.admin).await;
        (id, send(&self.admin, &id, "there").await)
    }
}

fn is_unavailable<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::StoreUnavailable(_)))
}

#[tokio::test]
async fn a_user_who_may_not_run_a_command_changes_nothing_and_can_once_it_may() {
    for denied in [
        "-eval -evalsha",
        "-@scripting",
        "-getrange",
        "-strlen",
        "-pexpire",
        "-setrange",
        "-@write",
        "-@all",
    ] {
        let setup = Setup::start().await;
        let (id, message) = setup.conversation().await;
        let before = read(&setup.admin, &id).await;
        setup.limit(denied);
        for key in [None, Some("key")] {
            let sent = setup.user.send(&id, &pending(&id, "refused", key)).await;
            assert!(is_unavailable(&sent), "{denied}: {sent:?}");
        }
        let deleted = setup.user.delete(&id, &message, None).await;
        assert!(is_unavailable(&deleted), "{denied}: {deleted:?}");
        assert_eq!(read(&setup.admin, &id).await, before, "{denied}");

        setup.limit("+@all");
        let sent = setup.user.send(&id, &pending(&id, "allowed", Some("key"))).await.unwrap();
        assert!(matches!(sent, Sent::Added(_)), "{denied}");
        setup.user.delete(&id, &message, None).await.unwrap();
        assert_eq!(contents(&setup.user, &id).await, ["allowed"], "{denied}");
    }
}

#[tokio::test]
async fn a_user_who_may_not_remember_sends_adds_none_that_is_to_be_remembered() {
    for denied in ["-hset", "-pexpire", "-pexpireat", "-pexpiretime", "-setrange", "-@hash"] {
        let setup = Setup::start().await;
        let (id, _) = setup.conversation().await;
        let before = read(&setup.admin, &id).await;
        setup.limit(denied);
        let sent = setup.user.send(&id, &pending(&id, "refused", Some("key"))).await;
        assert!(is_unavailable(&sent), "{denied}: {sent:?}");
        assert_eq!(read(&setup.admin, &id).await, before, "{denied}");

        setup.limit("+@all");
        for _ in 0..2 {
            setup.user.send(&id, &pending(&id, "allowed", Some("key"))).await.unwrap();
        }
        assert_eq!(contents(&setup.user, &id).await, ["there", "allowed"], "{denied}");
    }
}

#[tokio::test]
async fn a_send_that_was_refused_in_its_middle_leaves_nothing_that_a_later_one_is_taken_for() {
    for denied in ["-hset", "-pexpire", "-pexpireat", "-pexpiretime", "-setrange", "-del"] {
        for evicted in [false, true] {
            let setup = Setup::start().await;
            let (id, _) = setup.conversation().await;
            if evicted {
                setup.user.send(&id, &pending(&id, "remembered", Some("first"))).await.unwrap();
                setup.redis.command(&["DEL", &format!("chat:2:{{{id}}}:sends")]);
            }
            setup.limit(denied);
            // Refused, or not because it did not come to that command.
            let _ = setup.user.send(&id, &pending(&id, "again", Some("key"))).await;
            setup.limit("+@all");
            let sends = format!("chat:2:{{{id}}}:sends");
            assert_ne!(setup.redis.command(&["PTTL", &sends]), ":-1\r\n", "{denied} {evicted}");

            // Another message takes the place that the refused one would have had.
            let other = send(&setup.user, &id, "other").await;
            setup.user.delete(&id, &other, None).await.unwrap();
            setup.user.send(&id, &pending(&id, "again", Some("key"))).await.unwrap();
            let contents = contents(&setup.user, &id).await;
            let times = contents.iter().filter(|content| *content == "again").count();
            assert_eq!(times, 1, "{denied} {evicted}: {contents:?}");
            assert_ne!(setup.redis.command(&["PTTL", &sends]), ":-1\r\n", "{denied} {evicted}");
        }
    }
}

#[tokio::test]
async fn a_user_who_may_not_publish_sends_and_deletes_all_the_same() {
    for denied in ["resetchannels", "-publish", "-@pubsub"] {
        let setup = Setup::start().await;
        let (id, message) = setup.conversation().await;
        setup.limit(denied);
        for key in [None, Some("key"), Some("key")] {
            setup.user.send(&id, &pending(&id, "sent", key)).await.unwrap();
        }
        setup.user.delete(&id, &message, None).await.unwrap();
        assert_eq!(contents(&setup.user, &id).await, ["sent", "sent"], "{denied}");
        can_do_all_but_follow(&setup.user, &id, denied).await;
    }
}

#[tokio::test]
async fn a_user_who_may_not_subscribe_can_do_all_but_follow() {
    for denied in ["resetchannels", "-subscribe"] {
        let setup = Setup::start().await;
        let (id, _) = setup.conversation().await;
        setup.limit(denied);
        can_do_all_but_follow(&setup.user, &id, denied).await;
    }
}

#[tokio::test]
async fn a_server_without_hello_does_all_but_let_follow() {
    let redis = RedisServer::start_with(&["--rename-command", "HELLO", "\"\""]);
    assert!(redis.command(&["HELLO", "3"]).starts_with("-ERR unknown command"));
    let store = open(&[("REDIS_URL", &redis.url())]).await;
    let id = create(&store).await;
    send(&store, &id, "there").await;
    can_do_all_but_follow(&store, &id, "no HELLO").await;
}

async fn can_do_all_but_follow(store: &Store, id: &ConversationId, why: &str) {
    send(store, id, "sent").await;
    assert_eq!(contents(store, id).await.last().unwrap(), "sent", "{why}");
    let end = log_end(&read(store, id).await);
    let mut following = ConversationReader::new(store, *id, end);
    let next = following.next(Instant::now() + PATIENCE, u32::MAX).await;
    assert!(is_unavailable(&next), "{why}: {next:?}");
    let mut following = ConversationReader::new(store, *id, Cursor::START);
    let next = following.next(Instant::now(), u32::MAX).await;
    assert!(matches!(next, Ok(Next::Happened(..))), "{why}: {next:?}");
}

#[tokio::test]
async fn a_key_of_another_type_and_a_database_that_is_not_there_are_unavailable() {
    let setup = Setup::start().await;
    let id = ConversationId::random();
    let key = format!("chat:2:{{{id}}}:log");
    setup.redis.command(&["RPUSH", &key, "x"]);
    let nowhere = open(&[("REDIS_URL", &format!("{}/99", setup.redis.url()))]).await;
    for store in [&setup.user, &nowhere] {
        let known = KnownVersions::Cursors(vec![Cursor::START]);
        assert!(is_unavailable(&store.read(&id, &KnownVersions::NONE).await));
        assert!(is_unavailable(&store.read(&id, &known).await));
        assert!(is_unavailable(&store.read_after(&id, Cursor::START, u32::MAX).await));
        assert!(is_unavailable(&store.send(&id, &pending(&id, "x", None)).await));
        assert!(is_unavailable(&store.delete(&id, &MessageId::next(), None).await));
    }
    assert!(is_unavailable(&nowhere.create(&PendingConversation::with_id(id)).await));
    assert_eq!(setup.redis.command(&["LLEN", &key]), ":1\r\n");
}

#[tokio::test]
async fn a_full_redis_refuses_as_a_whole() {
    let setup = Setup::start().await;
    let (id, message) = setup.conversation().await;
    let before = read(&setup.admin, &id).await;
    let key = format!("chat:2:{{{id}}}:log");
    setup.redis.command(&["PEXPIRE", &key, "60000"]);
    setup.redis.expect_ok(&["CONFIG", "SET", "maxmemory", "1"]);
    for key in [None, Some("key")] {
        assert!(is_unavailable(&setup.user.send(&id, &pending(&id, "refused", key)).await));
    }
    assert!(is_unavailable(&setup.user.delete(&id, &message, None).await));
    assert_eq!(read(&setup.user, &id).await, before);
    let life = setup.redis.command(&["PTTL", &key]);
    assert!(life.trim_start_matches(':').trim().parse::<u32>().unwrap() <= 60_000, "{life}");
}

#[tokio::test]
async fn a_full_redis_deletes_conversations_all_the_same() {
    for key in [None, Some("key")] {
        let setup = Setup::start().await;
        let (id, _) = setup.conversation().await;
        setup.user.send(&id, &pending(&id, "there", key)).await.unwrap();
        setup.redis.expect_ok(&["CONFIG", "SET", "maxmemory", "1"]);
        setup.user.delete_conversation(&id).await.unwrap();
        assert_eq!(setup.redis.command(&["KEYS", "*"]), "*0\r\n");
    }
}
