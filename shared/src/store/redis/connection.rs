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
use crate::store::followers::WeakFollowers;

/// Cloning it shares it.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    current: Arc<Mutex<Opening>>,
    redis: Arc<RedisConfig>,
    followers: WeakFollowers,
}

/// A link that is open, is being opened, or could not be opened.
type Opening = Shared<BoxFuture<'static, RedisResult<Link>>>;

impl Connection {
    pub(super) fn new(redis: &RedisConfig, followers: WeakFollowers) -> Self {
        let redis = Arc::new(redis.clone());
        let current = Arc::new(Mutex::new(opening(&redis, &followers)));
        Self { current, redis, followers }
    }

    /// Opens the connection, if it is not open yet.
    pub(super) async fn open(&self) -> RedisResult<()> {
        self.on_link(async |_| Ok(())).await
    }

    /// Runs a command, again where a try fails on the way or comes too early.
    pub(super) async fn run(&self, command: impl Fn(Try) -> Cmd) -> RedisResult<Value> {
        in_time(async {
            let mut tries = Tries::new();
            loop {
                let (command, asked) = (command(tries.next), tries.asked.take());
                match self.on_link(async |link| link.run(&command, asked).await).await {
                    Err(error) => tries.go_on_after(error).await?,
                    answer => return answer,
                }
            }
        })
        .await
    }

    /// Runs commands that only read, on one key, in one trip; again likewise.
    pub(super) async fn run_all(&self, commands: &Pipeline) -> RedisResult<Vec<Value>> {
        in_time(async {
            let mut tries = Tries::new();
            loop {
                let asked = tries.asked.take();
                match self.on_link(async |link| link.run_all(commands, asked).await).await {
                    Err(error) => tries.go_on_after(error).await?,
                    answers => return answers,
                }
            }
        })
        .await
    }

    /// Has Redis push what is published on these channels.
    pub(super) async fn subscribe(&self, channels: &[String]) -> RedisResult<()> {
        self.on_link(async |link| link.subscribe(channels).await).await
    }

    /// Ends that.
    pub(super) async fn unsubscribe(&self, channels: &[String]) -> RedisResult<()> {
        self.on_link(async |link| link.unsubscribe(channels).await).await
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
            *current = opening(&self.redis, &self.followers);
            drop(current);
            // A new link is subscribed to nothing.
            if let Some(followers) = self.followers.upgrade() {
                followers.all_changed();
            }
        }
    }
}

/// Nothing is opened before somebody waits for it.
fn opening(redis: &Arc<RedisConfig>, followers: &WeakFollowers) -> Opening {
    let (redis, followers) = (redis.clone(), followers.clone());
    async move { Link::open(&redis, followers).await }.boxed().shared()
}
