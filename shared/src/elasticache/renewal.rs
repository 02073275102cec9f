//! Fresh tokens for the connections that are logged in by IAM.
//!
//! ElastiCache closes a connection 12 hours after its last login. The crate `redis` opens a
//! connection with the first token, and logs in again on it with each further one:
//! <https://docs.rs/redis/1.8.1/redis/trait.StreamingCredentialsProvider.html>.

use std::pin::Pin;
use std::time::{Duration, SystemTime};

use futures_core::Stream;
use futures_util::stream;
use redis::{BasicAuth, RedisResult, StreamingCredentialsProvider};

use super::token::IamLogin;

/// How often a connection logs in again: well within a token's 15 minutes, and often enough that one
/// failed login does no harm.
const RENEWAL: Duration = Duration::from_secs(10 * 60);

/// Gives every connection a token at once, and another every ten minutes. Each is signed when it is
/// due, so that it is fresh even after Lambda froze the process.
#[derive(Clone, Debug)]
pub struct RenewedTokens {
    login: IamLogin,
    every: Duration,
}

impl RenewedTokens {
    /// Gives out tokens for one user of one cache.
    pub fn new(login: IamLogin) -> Self {
        Self { login, every: RENEWAL }
    }

    fn sign(&self) -> BasicAuth {
        BasicAuth::new(self.login.user.clone(), self.login.token(SystemTime::now()))
    }
}

impl StreamingCredentialsProvider for RenewedTokens {
    fn subscribe(&self) -> Pin<Box<dyn Stream<Item = RedisResult<BasicAuth>> + Send + 'static>> {
        Box::pin(stream::unfold((self.clone(), None), |(tokens, wait)| async move {
            // The first is not even preceded by a sleep of length zero, which would last until the
            // timer's next tick: a cold start waits for this.
            if let Some(wait) = wait {
                tokio::time::sleep(wait).await;
            }
            let every = Some(tokens.every);
            Some((Ok(tokens.sign()), (tokens, every)))
        }))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, StreamExt};
    use redis::aio::{ConnectionManager, ConnectionManagerConfig};
    use testing::redis::{RedisServer, calls};
    use tokio::time::{Instant, sleep};

    use super::super::token::{Credentials, TOKEN_LIFE};
    use super::*;

    fn login() -> IamLogin {
        IamLogin {
            user: "parley".to_owned(),
            cache: "parley-cache".to_owned(),
            region: "eu-central-1".to_owned(),
            serverless: false,
            credentials: Credentials {
                access_key_id: "AKIDEXAMPLE".to_owned(),
                secret_access_key: "secret".to_owned(),
                session_token: None,
            },
        }
    }

    /// From now on the user's passwords are the tokens of the last second and of the next minute.
    /// Redis cannot check a signature, so it is told beforehand what will be signed.
    fn take_only_fresh_tokens(redis: &RedisServer) {
        let last_second = SystemTime::now() - Duration::from_secs(1);
        let passwords = (0..62)
            .map(|second| format!(">{}", login().token(last_second + Duration::from_secs(second))));
        let user = ["ACL", "SETUSER", "parley", "on", "~*", "&*", "+@all", "resetpass"];
        let words: Vec<String> = user.map(str::to_owned).into_iter().chain(passwords).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        assert_eq!(redis.command(&words), "+OK\r\n");
    }

    /// Outdates all tokens that were signed until now.
    async fn outdate_tokens(redis: &RedisServer) {
        let old = login().token(SystemTime::now());
        sleep(Duration::from_millis(2100)).await;
        assert_eq!(redis.command(&["ACL", "LOG"]), "*0\r\n", "a token was refused");
        take_only_fresh_tokens(redis);
        assert!(redis.command(&["AUTH", "parley", &old]).starts_with("-WRONGPASS"));
        redis.command(&["ACL", "LOG", "RESET"]);
    }

    async fn connect(redis: &RedisServer, tokens: RenewedTokens) -> ConnectionManager {
        let client = redis::Client::open(format!("{}?protocol=resp3", redis.url())).unwrap();
        let settings = ConnectionManagerConfig::new().set_credentials_provider(tokens);
        ConnectionManager::new_with_config(client, settings).await.unwrap()
    }

    /// Who the connection is to Redis, and which one it is.
    async fn identity(connection: &ConnectionManager) -> RedisResult<(String, u64)> {
        let mut both = redis::pipe();
        both.cmd("ACL").arg("WHOAMI").cmd("CLIENT").arg("ID");
        both.query_async(&mut connection.clone()).await
    }

    #[tokio::test]
    async fn a_live_connection_logs_in_again_with_fresh_tokens() {
        let redis = RedisServer::start();
        take_only_fresh_tokens(&redis);
        let often = RenewedTokens { login: login(), every: Duration::from_millis(250) };
        let connection = connect(&redis, often).await;
        let before = identity(&connection).await.unwrap();
        assert_eq!(before.0, "parley");

        outdate_tokens(&redis).await;
        let logins = calls(&redis, "auth");
        let deadline = Instant::now() + Duration::from_secs(10);
        while calls(&redis, "auth") < logins + 3 {
            assert!(Instant::now() < deadline, "the connection did not log in again");
            sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(redis.command(&["ACL", "LOG"]), "*0\r\n", "a token was refused");
        assert_eq!(identity(&connection).await.unwrap(), before);
        assert_eq!(calls(&redis, "hello"), 1);
    }

    #[tokio::test]
    async fn a_connection_that_was_ended_is_opened_again_with_a_fresh_token() {
        let redis = RedisServer::start();
        take_only_fresh_tokens(&redis);
        let connection = connect(&redis, RenewedTokens::new(login())).await;
        let before = identity(&connection).await.unwrap();

        outdate_tokens(&redis).await;
        assert_eq!(redis.command(&["CLIENT", "KILL", "USER", "parley"]), ":1\r\n");
        let deadline = Instant::now() + Duration::from_secs(10);
        let after = loop {
            match identity(&connection).await {
                Ok(identity) => break identity,
                Err(error) => assert!(Instant::now() < deadline, "{error}"),
            }
            sleep(Duration::from_millis(20)).await;
        };
        assert_eq!(after.0, "parley");
        assert_ne!(after.1, before.1);
        assert_eq!(redis.command(&["ACL", "LOG"]), "*0\r\n", "a token was refused");
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_comes_at_once_and_the_next_before_it_ends() {
        let mut tokens = RenewedTokens::new(login()).subscribe();
        let first = tokens.next().now_or_never().expect("a token at once").unwrap().unwrap();
        assert_eq!(first.username(), "parley");
        for _ in 0..2 {
            let start = Instant::now();
            tokens.next().await.unwrap().unwrap();
            assert!(start.elapsed().abs_diff(RENEWAL) < Duration::from_millis(10));
        }
        assert!(RENEWAL < TOKEN_LIFE);
    }
}
