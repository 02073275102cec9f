//! The `send-message` function.

use std::process::ExitCode;

use functions::endpoint::Endpoint;
use functions::function::Function;
use functions::lambda;
use functions::route::Route;

const ENDPOINTS: &[Endpoint] = &[Endpoint::of(Route::SendMessage), Endpoint::of(Route::SendEvent)];

fn main() -> ExitCode {
    lambda::run(Function::SendMessage, ENDPOINTS)
}
