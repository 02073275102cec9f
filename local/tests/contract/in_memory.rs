//! The contract, held by the local router over its own memory.

use testing::Variables;
use testing::router::Router;

testing::contract_tests!(start);

async fn start(variables: Variables) -> (String, Router) {
    let router = Router::start(env!("CARGO_BIN_EXE_local"), None, variables);
    (router.url.clone(), router)
}
