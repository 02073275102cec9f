//! The `create-conversation` function.

use std::process::ExitCode;

use functions::endpoint::Endpoint;
use functions::lambda;
use functions::route::Route;

const ENDPOINT: Endpoint = Endpoint::of(Route::CreateConversation);

fn main() -> ExitCode {
    lambda::run(ENDPOINT)
}
