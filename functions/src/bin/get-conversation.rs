//! The `get-conversation` function.

use std::process::ExitCode;

use functions::endpoint::Endpoint;
use functions::function::Function;
use functions::lambda;
use functions::route::Route;

const ENDPOINTS: &[Endpoint] =
    &[Endpoint::of(Route::GetConversation), Endpoint::of(Route::ListConversations)];

fn main() -> ExitCode {
    lambda::run(Function::GetConversation, ENDPOINTS)
}
