//! The `create-conversation` function.

use std::process::ExitCode;

use functions::function::Function;
use functions::lambda;
use functions::route::Route;

const FUNCTION: Function = Function::of(Route::CreateConversation);

fn main() -> ExitCode {
    lambda::run(FUNCTION)
}
