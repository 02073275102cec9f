//! The `send-message` function.

use std::process::ExitCode;

use functions::endpoint::Endpoint;
use functions::lambda;
use functions::route::Route;

const ENDPOINT: Endpoint = Endpoint::of(Route::SendMessage);

fn main() -> ExitCode {
    lambda::run(ENDPOINT)
}
