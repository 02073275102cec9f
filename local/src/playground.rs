//! A page on which to try everything out: both sides of a conversation, over the real API.
//!
//! Its files are in the binary. It loads nothing from other servers.

use bytes::Bytes;
use functions::http::body::Body;
use functions::http::response::Response;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};

/// Nothing but files of this router, the page's icon and this API.
/// Trusted Types make the browser refuse to take any text for HTML.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'",
);

/// The paths of the page and its files, and what makes the response to each.
pub const FILES: [(&str, fn() -> Response); 13] = [
    ("/", page),
    ("/playground/style.css", || file("text/css", include_str!("playground/style.css"))),
    ("/playground/actions.js", || script(include_str!("playground/actions.js"))),
    ("/playground/compose.js", || script(include_str!("playground/compose.js"))),
    ("/playground/element.js", || script(include_str!("playground/element.js"))),
    ("/playground/expiry.js", || script(include_str!("playground/expiry.js"))),
    ("/playground/handlers.js", || script(include_str!("playground/handlers.js"))),
    ("/playground/invitation.js", || script(include_str!("playground/invitation.js"))),
    ("/playground/messages.js", || script(include_str!("playground/messages.js"))),
    ("/playground/metadata.js", || script(include_str!("playground/metadata.js"))),
    ("/playground/pane.js", || script(include_str!("playground/pane.js"))),
    ("/playground/playground.js", || script(include_str!("playground/playground.js"))),
    ("/playground/requests.js", || script(include_str!("playground/requests.js"))),
];

fn page() -> Response {
    let mut response = file("text/html; charset=utf-8", include_str!("playground/page.html"));
    let headers = response.headers_mut();
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    response
}

fn script(text: &'static str) -> Response {
    file("text/javascript; charset=utf-8", text)
}

fn file(content_type: &'static str, text: &'static str) -> Response {
    let mut response = Response::new(Body::Whole(Bytes::from_static(text.as_bytes())));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
