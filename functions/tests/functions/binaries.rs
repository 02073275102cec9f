//! The four functions as cargo built them, for an emulated API Gateway.

use std::path::PathBuf;

use functions::function::Function;

/// All of them.
pub fn functions() -> Vec<testing::gateway::Function> {
    routed(|function| binary(function).into())
}

/// All of them, with their binaries wherever they are.
pub fn routed(binary: impl Fn(Function) -> PathBuf) -> Vec<testing::gateway::Function> {
    let routed = |function: Function| testing::gateway::Function {
        binary: binary(function),
        routes: function.routes().map(|route| (route.method(), route.path())).collect(),
    };
    Function::ALL.map(routed).into()
}

/// Where cargo put a function's binary.
pub fn binary(function: Function) -> &'static str {
    match function {
        Function::CreateConversation => env!("CARGO_BIN_EXE_create-conversation"),
        Function::SendMessage => env!("CARGO_BIN_EXE_send-message"),
        Function::GetConversation => env!("CARGO_BIN_EXE_get-conversation"),
        Function::DeleteMessage => env!("CARGO_BIN_EXE_delete-message"),
    }
}
