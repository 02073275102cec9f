//! The contract, held by the four function binaries over Redis, as Lambda runs them.

use functions::route::Route;
use testing::Variables;
use testing::gateway::{Function, Gateway};
use testing::redis::RedisServer;

testing::contract_tests!(start);

async fn start(variables: Variables) -> (String, (Gateway, RedisServer)) {
    let redis = RedisServer::start();
    let functions = Route::ALL.map(|route| Function {
        method: route.method(),
        path: route.path(),
        binary: binary(route),
    });
    let gateway = Gateway::start(functions.into(), &redis.url(), variables).await;
    (gateway.url.clone(), (gateway, redis))
}

fn binary(route: Route) -> &'static str {
    match route {
        Route::CreateConversation => env!("CARGO_BIN_EXE_create-conversation"),
        Route::SendMessage => env!("CARGO_BIN_EXE_send-message"),
        Route::GetConversation => env!("CARGO_BIN_EXE_get-conversation"),
        Route::DeleteMessage => env!("CARGO_BIN_EXE_delete-message"),
    }
}
