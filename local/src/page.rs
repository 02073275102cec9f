//! Pages, and the files that they load: all of it is in the binary.

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

/// A path, and what makes the response to it.
pub type File = (&'static str, fn() -> Response);

/// Makes the response of a page, which may load files of this router alone.
pub fn page(text: &'static str) -> Response {
    let mut response = file("text/html; charset=utf-8", text);
    let headers = response.headers_mut();
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    response
}

/// Makes the response of a page's style.
pub fn style(text: &'static str) -> Response {
    file("text/css; charset=utf-8", text)
}

/// Makes the response of a module.
pub fn script(text: &'static str) -> Response {
    file("text/javascript; charset=utf-8", text)
}

fn file(content_type: &'static str, text: &'static str) -> Response {
    let mut response = Response::new(Body::Whole(Bytes::from_static(text.as_bytes())));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
