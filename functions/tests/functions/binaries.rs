//! The four functions as cargo built them, for an emulated API Gateway.

use functions::route::Route;
use testing::gateway::Function;

/// All of them.
pub fn functions() -> Vec<Function> {
    let function = |route: Route| Function {
        method: route.method(),
        path: route.path(),
        binary: binary(route).into(),
    };
    Route::ALL.map(function).into()
}

/// Where cargo put a function's binary.
pub fn binary(route: Route) -> &'static str {
    match route {
        Route::CreateConversation => env!("CARGO_BIN_EXE_create-conversation"),
        Route::SendMessage => env!("CARGO_BIN_EXE_send-message"),
        Route::GetConversation => env!("CARGO_BIN_EXE_get-conversation"),
        Route::DeleteMessage => env!("CARGO_BIN_EXE_delete-message"),
    }
}
