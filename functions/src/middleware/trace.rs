//! The trace that a request belongs to, as the one who sent it says. What is not well-formed is left
//! out: it goes into the log.

use http::{HeaderMap, HeaderName, HeaderValue};

static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
static X_AMZN_TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");
/// A trace id of X-Ray has about a hundred characters.
const MAX_XRAY_LENGTH: usize = 256;

/// Copies the headers that name a trace, for where a request's own are gone when it is logged.
pub fn trace_headers(headers: &HeaderMap) -> HeaderMap {
    let mut copied = HeaderMap::new();
    for name in [&TRACEPARENT, &X_AMZN_TRACE_ID] {
        for value in headers.get_all(name) {
            copied.append(name, value.clone());
        }
    }
    copied
}

/// Returns the header `traceparent` (<https://www.w3.org/TR/trace-context/#traceparent-header>).
pub(super) fn traceparent(headers: &HeaderMap) -> Option<&str> {
    only(headers, &TRACEPARENT).filter(|value| is_traceparent(value.as_bytes()))
}

/// Returns the header `X-Amzn-Trace-Id`, by which X-Ray and load balancers name a request.
pub(super) fn xray_trace_id(headers: &HeaderMap) -> Option<&str> {
    only(headers, &X_AMZN_TRACE_ID).filter(|value| is_xray_trace_id(value.as_bytes()))
}

/// Returns a header's value if there is one alone.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter().map(HeaderValue::to_str);
    match (values.next(), values.next()) {
        (Some(value), None) => value.ok(),
        _ => None,
    }
}

/// Whether it has the form of version 00, in which later versions begin as well; they are left out if
/// they say more.
fn is_traceparent(value: &[u8]) -> bool {
    let mut parts = value.split(|byte| *byte == b'-');
    let [version, trace_id, parent_id, flags] = [2, 32, 16, 2].map(|length| {
        let is_hexadecimal = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        parts.next().filter(|part| part.len() == length && part.iter().all(is_hexadecimal))
    });
    let is_nonzero = |part: Option<&[u8]>| part.is_some_and(|part| part.iter().any(|b| *b != b'0'));
    parts.next().is_none()
        && version.is_some_and(|version| version != b"ff")
        && is_nonzero(trace_id)
        && is_nonzero(parent_id)
        && flags.is_some()
}

fn is_xray_trace_id(value: &[u8]) -> bool {
    (1..=MAX_XRAY_LENGTH).contains(&value.len()) && value.iter().all(u8::is_ascii_graphic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(name: &HeaderName, values: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, HeaderValue::from_bytes(value).unwrap());
        }
        trace_headers(&headers)
    }

    #[test]
    fn a_traceparent_is_taken_in_its_one_form_alone() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(traceparent(&request(&TRACEPARENT, &[good.as_bytes()])), Some(good));
        for bad in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
        ] {
            assert_eq!(traceparent(&request(&TRACEPARENT, &[bad.as_bytes()])), None, "{bad}");
        }
        assert_eq!(traceparent(&request(&TRACEPARENT, &[good.as_bytes(); 2])), None, "which one?");
    }

    #[test]
    fn an_xray_trace_id_is_taken_if_it_is_short_and_visible() {
        let good = "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1";
        assert_eq!(xray_trace_id(&request(&X_AMZN_TRACE_ID, &[good.as_bytes()])), Some(good));
        let (longest, longer) = ("x".repeat(256), "x".repeat(257));
        assert!(xray_trace_id(&request(&X_AMZN_TRACE_ID, &[longest.as_bytes()])).is_some());
        for bad in [b"".as_slice(), b"Root=1 2", b"a\tb", "é".as_bytes(), longer.as_bytes()] {
            assert_eq!(xray_trace_id(&request(&X_AMZN_TRACE_ID, &[bad])), None, "{bad:?}");
        }
    }
}
