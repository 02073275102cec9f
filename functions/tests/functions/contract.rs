//! The contract, held by the four function binaries over Redis, as Lambda runs them.
//!
//! `PARLEY_BOOTSTRAPS=<folder>` holds what `sam build` made there to it, instead of what cargo did.

use std::path::{Path, PathBuf};

use functions::function::Function;
use testing::Variables;
use testing::gateway::{Gateway, Invocations};
use testing::redis::RedisServer;

testing::contract_tests!(start);

async fn start(variables: Variables) -> (String, (Gateway, RedisServer)) {
    start_invoking(Invocations::Plain, variables).await
}

mod with_sparse_events {
    use super::*;

    testing::contract_tests!(start);

    async fn start(variables: Variables) -> (String, (Gateway, RedisServer)) {
        start_invoking(Invocations::Sparse, variables).await
    }
}

mod with_sixteen_invocations_at_once {
    use super::*;

    testing::contract_tests!(start);

    async fn start(variables: Variables) -> (String, (Gateway, RedisServer)) {
        start_invoking(Invocations::Concurrent, variables).await
    }
}

async fn start_invoking(
    invocations: Invocations,
    variables: Variables,
) -> (String, (Gateway, RedisServer)) {
    let redis = RedisServer::start();
    let functions = crate::binaries::routed(binary);
    let gateway = Gateway::invoking(invocations, functions, &redis.url(), variables).await;
    (gateway.url.clone(), (gateway, redis))
}

fn binary(function: Function) -> PathBuf {
    let resource = match function {
        Function::CreateConversation => "CreateConversation",
        Function::SendMessage => "SendMessage",
        Function::GetConversation => "GetConversation",
        Function::DeleteMessage => "DeleteMessage",
    };
    match std::env::var_os("PARLEY_BOOTSTRAPS") {
        Some(folder) => Path::new(&folder).join(resource).join("bootstrap"),
        None => crate::binaries::binary(function).into(),
    }
}
