//! `GET /parley.js`: the client, one module for browsers and Node.js.

use functions::http::response::Response;

use crate::page::script;

/// Makes the response to `GET /parley.js`.
pub fn module() -> Response {
    script(include_str!("client/parley.js"))
}
