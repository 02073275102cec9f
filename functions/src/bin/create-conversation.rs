//! The `create-conversation` function.

use std::process::ExitCode;

use functions::endpoint::Endpoint;
use functions::function::Function;
use functions::lambda;
use functions::route::Route;

const ENDPOINTS: &[Endpoint] = &[Endpoint::of(Route::CreateConversation)];

fn main() -> ExitCode {
    lambda::run(Function::CreateConversation, ENDPOINTS)
}
