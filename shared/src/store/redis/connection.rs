//! The connection to Redis that all requests share, and how it is kept.
//!
//! It is opened when it is first needed, and opened anew once it is found broken: cut, silent for
//! too long, or leading to what is no longer a primary. A request that meets a broken connection
//! is tried once more on the new one; the scripts tell a second try from a second send.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use parking_lot::Mutex;
use redis::{Cmd, Pipeline, RedisResult, Value};

use super::link::Link;
use super::tries::{Tries, Try, in_time};
use crate::config::RedisConfig;

/// Cloning it shares it.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    current: Arc<Mutex<Opening>>,
    redis: Arc<RedisConfig>,
}

/// A link that is open, is being opened, or could not be opened.
type Opening = Shared<BoxFuture<'static, RedisResult<Link>>>;

impl Connection {
    pub(super) fn new(redis: &Arc<RedisConfig>) -> Self {
        Self { current: Arc::new(Mutex::new(opening(redis))), redis: redis.clone() }
    }

    /// Opens the connection, if it is not open yet.
    pub(super) async fn open(&self) -> RedisResult<()> {
        self.on_link(async |_| Ok(())).await
    }

    /// Runs a command, again where a try fails on the way or comes too early.
    ///
    /// `parse` tells what may be the reply from what cannot be, with which it ends the connection.
    pub(super) async fn run<T>(
        &self,
        command: impl Fn(Try) -> Cmd,
        parse: impl Fn(Value) -> Option<T>,
    ) -> RedisResult<T> {
        in_time(async {
            let mut tries = Tries::new();
            loop {
                let (command, asked) = (command(tries.next), tries.asked.take());
                let result = self.on_link(async |link| {
                    let reply = link.run(&command, asked).await?;
                    link.accept(reply, &parse)
                });
                match result.await {
                    Err(error) => tries.go_on_after(error).await?,
                    parsed => return parsed,
                }
            }
        })
        .await
    }

    /// Runs commands that only read, on one key, in one trip; again likewise.
    pub(super) async fn run_all<T>(
        &self,
        commands: &Pipeline,
        parse: impl Fn(Vec<Value>) -> Option<T>,
    ) -> RedisResult<T> {
        in_time(async {
            let mut tries = Tries::new();
            loop {
                let asked = tries.asked.take();
                let result = self.on_link(async |link| {
                    let replies = link.run_all(commands, asked).await?;
                    link.accept(replies, &parse)
                });
                match result.await {
                    Err(error) => tries.go_on_after(error).await?,
                    parsed => return parsed,
                }
            }
        })
        .await
    }

    /// Uses the link, and sees to it that a broken one is not used again.
    async fn on_link<T>(
        &self,
        act: impl AsyncFnOnce(&mut Link) -> RedisResult<T>,
    ) -> RedisResult<T> {
        let opening = self.current.lock().clone();
        let (result, broken) = match opening.clone().await {
            Ok(mut link) => {
                let result = act(&mut link).await;
                let broken = link.is_broken_by(&result);
                (result, broken)
            }
            Err(error) => (Err(error), true),
        };
        if broken {
            self.replace(&opening);
        }
        result
    }

    /// Opens another link, unless somebody else who found this one broken has done so.
    fn replace(&self, broken: &Opening) {
        let mut current = self.current.lock();
        if current.ptr_eq(broken) {
            *current = opening(&self.redis);
        }
    }
}

/// Nothing is opened before somebody waits for it.
fn opening(redis: &Arc<RedisConfig>) -> Opening {
    let redis = redis.clone();
    async move { Link::open(&redis).await }.boxed().shared()
}
