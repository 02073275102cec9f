//! The contract, held by the local router over Redis.
//!
//! `PARLEY_TEST_REDIS_URL` names one that runs already.

use testing::Variables;
use testing::redis::{RedisServer, any_redis};
use testing::router::Router;

testing::contract_tests!(start);

async fn start(variables: Variables) -> (String, (Router, Option<RedisServer>)) {
    let (url, redis) = any_redis();
    let router = Router::start(env!("CARGO_BIN_EXE_local"), Some(&url), variables);
    (router.url.clone(), (router, redis))
}
