//! What becomes of connections with time: each logs in with a token of its own, and is replaced when
//! it is old.

use std::time::{Duration, SystemTime};

use testing::login_tokens::{accept_only_fresh_tokens, assert_nothing_was_refused, outdate_tokens};
use testing::redis::{RedisServer, calls};
use testing::wait::{PATIENCE, until};
use tokio::time::Instant;

use crate::config::Config;
use crate::domain::conversation::ConversationId;
use crate::domain::cursor::Cursor;
use crate::domain::message::NewMessage;
use crate::domain::sender::Sender;
use crate::elasticache::token::{Credentials, IamLogin, SharedCredentials};
use crate::store::reader::{ConversationReader, Next};
use crate::store::{PendingConversation, PendingMessage, Store};

const USER: &str = "parley";
/// Old enough for these tests.
const SHORT: Duration = Duration::from_millis(100);
const LONG: Duration = Duration::from_secs(60 * 60);

fn login() -> IamLogin {
    IamLogin {
        user: USER.to_owned(),
        cache: "parley-cache".to_owned(),
        region: "eu-central-1".to_owned(),
        serverless: false,
        credentials: SharedCredentials::new(Credentials {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: None,
        }),
    }
}

fn token(time: SystemTime) -> String {
    login().token(time)
}

/// A Redis to which tokens are the passwords.
fn redis() -> RedisServer {
    let redis = RedisServer::start();
    redis.expect_ok(&["ACL", "SETUSER", USER, "on", "~*", "&*", "+@all"]);
    accept_only_fresh_tokens(&redis, USER, token);
    redis
}

/// A store that logs in with them, and a conversation with its follower.
struct Conversation {
    store: Store,
    id: ConversationId,
    follower: ConversationReader,
}

impl Conversation {
    async fn start(redis: &RedisServer, max_connection_age: Duration) -> Self {
        let url = redis.url();
        let config = Config::from_variables(|name| (name == "REDIS_URL").then(|| url.clone()));
        let mut config = config.unwrap();
        let settings = config.redis.as_mut().unwrap();
        (settings.iam, settings.max_connection_age) = (Some(login()), max_connection_age);
        let store = Store::open(&config).await;
        let id = ConversationId::random();
        store.create(&PendingConversation::with_id(id)).await.unwrap();
        let follower = ConversationReader::new(&store, id, Cursor::START);
        let mut conversation = Self { store, id, follower };
        // The first is there to be read, and the second needs the subscription.
        conversation.exchange().await;
        conversation.exchange().await;
        conversation
    }

    /// Sends a message, which the follower must see next, and alone.
    async fn exchange(&mut self) {
        let timestamp = "2025-04-05T14:01:00Z".to_owned();
        let message = NewMessage::new(Sender::Agent, "hello".to_owned(), timestamp).unwrap();
        let message = PendingMessage::new(&self.id, &message, None);
        let started = Instant::now();
        self.store.send(&self.id, &message).await.unwrap();
        match self.follower.next(started + PATIENCE, u32::MAX).await.unwrap() {
            Next::Happened(_, tail) => assert_eq!(tail.lines.split(|b| *b == b'\n').count(), 2),
            other => panic!("{other:?}"),
        }
    }
}

/// How often connections logged in: those for commands, and those for subscriptions.
fn logins(redis: &RedisServer) -> [u64; 2] {
    ["auth", "hello"].map(|command| calls(redis, command))
}

#[tokio::test]
async fn each_connection_logs_in_with_a_fresh_token() {
    let redis = redis();
    let mut conversation = Conversation::start(&redis, LONG).await;
    outdate_tokens(&redis, USER, token).await;
    conversation.exchange().await;
    let before = logins(&redis);
    assert_eq!(redis.command(&["CLIENT", "KILL", "USER", USER]), ":2\r\n");
    conversation.exchange().await;
    until("both have logged in again", async || {
        std::iter::zip(logins(&redis), before).all(|(now, before)| now > before)
    })
    .await;
    conversation.exchange().await;
    assert_nothing_was_refused(&redis);
}

#[tokio::test]
async fn old_connections_are_replaced_and_nobody_notices() {
    let redis = redis();
    let mut conversation = Conversation::start(&redis, SHORT).await;
    let before = logins(&redis);
    let deadline = Instant::now() + PATIENCE;
    while std::iter::zip(logins(&redis), before).any(|(now, before)| now < before + 3) {
        assert!(
            Instant::now() < deadline,
            "the connections are not replaced: {:?}",
            logins(&redis)
        );
        conversation.exchange().await;
    }
    assert_nothing_was_refused(&redis);
    until("the old connections are closed", async || {
        let clients = redis.command(&["CLIENT", "LIST"]);
        clients.matches(&format!("user={USER}")).count() <= 2
    })
    .await;
}

#[tokio::test]
async fn old_connections_serve_on_while_no_new_one_can_log_in() {
    let redis = redis();
    let mut conversation = Conversation::start(&redis, SHORT).await;
    redis.expect_ok(&["ACL", "SETUSER", USER, "resetpass"]);
    let refused = || {
        let log = redis.command(&["ACL", "LOG"]);
        log.matches("auth").count() > 0
    };
    let deadline = Instant::now() + PATIENCE;
    while !refused() {
        assert!(Instant::now() < deadline, "nothing logs in again");
        conversation.exchange().await;
    }
    for _ in 0..10 {
        conversation.exchange().await;
    }
    let before = logins(&redis);
    accept_only_fresh_tokens(&redis, USER, token);
    let deadline = Instant::now() + PATIENCE;
    while std::iter::zip(logins(&redis), before).any(|(now, before)| now <= before + 1) {
        assert!(Instant::now() < deadline, "the connections are not replaced");
        conversation.exchange().await;
    }
}
