//! The `delete-message` function.

use std::process::ExitCode;

use functions::endpoint::Endpoint;
use functions::function::Function;
use functions::lambda;
use functions::route::Route;

const ENDPOINTS: &[Endpoint] =
    &[Endpoint::of(Route::DeleteMessage), Endpoint::of(Route::DeleteConversation)];

fn main() -> ExitCode {
    lambda::run(Function::DeleteMessage, ENDPOINTS)
}
