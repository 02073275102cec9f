//! The contract, held by the local router over Redis.

use testing::Variables;
use testing::redis::RedisServer;
use testing::router::Router;

testing::contract_tests!(start);

async fn start(variables: Variables) -> (String, (Router, RedisServer)) {
    let redis = RedisServer::start();
    let router = Router::start(env!("CARGO_BIN_EXE_local"), Some(&redis.url()), variables);
    (router.url.clone(), (router, redis))
}
