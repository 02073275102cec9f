//! The `get-conversation` function.

use std::process::ExitCode;

use functions::lambda;
use functions::route::Route;

fn main() -> ExitCode {
    lambda::run(Route::GetConversation)
}
