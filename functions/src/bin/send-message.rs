//! The `send-message` function.

use std::process::ExitCode;

use functions::function::Function;
use functions::lambda;
use functions::route::Route;

const FUNCTION: Function = Function::of(Route::SendMessage);

fn main() -> ExitCode {
    lambda::run(FUNCTION)
}
