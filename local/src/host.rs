//! The header Host, which says whom a request is for (RFC 9112, section 3.2).

use std::net::Ipv6Addr;

use http::header::HOST;
use http::{HeaderMap, Version};
use shared::error::Error;

/// Checks that a request has one well-formed `Host`. Only HTTP/1.0 does without.
///
/// An API Gateway has checked it already, so that this is the router's alone.
pub fn check(version: Version, headers: &HeaderMap) -> Result<(), Error> {
    let mut values = headers.get_all(HOST).iter();
    let is_valid = match (values.next(), values.next()) {
        (None, _) => version < Version::HTTP_11,
        (Some(value), None) => value.to_str().is_ok_and(is_well_formed),
        (Some(_), Some(_)) => false,
    };
    if is_valid { Ok(()) } else { Err(Error::InvalidHost) }
}

/// Whether a value is `uri-host [ ":" port ]` (RFC 3986, section 3.2). A name and a port may be empty.
fn is_well_formed(value: &str) -> bool {
    let (is_host, rest) = match value.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, rest)) => (is_address(address), rest),
            None => return false,
        },
        None => {
            let (name, rest) = value.split_at(value.find(':').unwrap_or(value.len()));
            (is_name(name.as_bytes()), rest)
        }
    };
    let port = rest.strip_prefix(':').unwrap_or_default();
    let is_rest = rest.is_empty() || rest.starts_with(':');
    is_host && is_rest && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether it can stand in brackets: an address of IPv6, or of a version to come.
fn is_address(text: &str) -> bool {
    let Some(future) = text.strip_prefix(['v', 'V']) else {
        return text.parse::<Ipv6Addr>().is_ok();
    };
    let Some((version, address)) = future.split_once('.') else { return false };
    let is_version = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_allowed = |byte| is_name_byte(byte) || byte == b':';
    is_version && !address.is_empty() && address.bytes().all(is_allowed)
}

/// Whether it is a `reg-name`: letters, digits, some signs, and bytes encoded with a percent sign.
fn is_name(mut name: &[u8]) -> bool {
    while let [first, rest @ ..] = name {
        name = match (first, rest) {
            (b'%', [high, low, rest @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                rest
            }
            _ if is_name_byte(*first) => rest,
            _ => return false,
        };
    }
    true
}

/// Whether it is one of `unreserved` or `sub-delims`.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte)
}
