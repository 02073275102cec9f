//! Requests whose end is not where they say, and what is no request at all.

use fastrand::Rng;
use testing::api::message;

use super::kind::{bytes, one, post};

/// A send with these headers, byte for byte, and this body.
fn with(conversation: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("POST {conversation}/messages HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

pub fn too_long_a_length(random: &mut Rng, conversation: &str) -> Vec<u8> {
    let body = message("hello");
    let bits = random.u8(1..63);
    let length = body.len() as u64 + random.u64(1..1 << bits);
    with(conversation, &format!("Content-Length: {length}"), body.as_bytes())
}

/// What is left over stands where the next request should.
pub fn too_short_a_length(random: &mut Rng, conversation: &str) -> Vec<u8> {
    let body = message("hello");
    let length = random.usize(..body.len());
    with(conversation, &format!("Content-Length: {length}"), body.as_bytes())
}

pub fn senseless_lengths(random: &mut Rng, conversation: &str) -> Vec<u8> {
    let length = one(
        random,
        &[
            "-1",
            "+5",
            "0x10",
            "1e3",
            "5.0",
            "",
            " ",
            "5 5",
            "5, 5",
            "5, 6",
            "five",
            "\u{665}",
            "18446744073709551615",
            "18446744073709551616",
            "99999999999999999999999999",
            "00005",
        ],
    );
    with(conversation, &format!("Content-Length: {length}"), message("hello").as_bytes())
}

pub fn two_lengths(random: &mut Rng, conversation: &str) -> Vec<u8> {
    let body = message("hello");
    let lengths = format!(
        "Content-Length: {}\r\n{}: {}",
        body.len(),
        one(random, &["Content-Length", "content-length", "CONTENT-LENGTH"]),
        random.usize(..2 * body.len())
    );
    with(conversation, &lengths, body.as_bytes())
}

/// Requests of which two servers in a row might disagree where they end.
pub fn smuggled_requests(random: &mut Rng, conversation: &str) -> Vec<u8> {
    let encoding = one(
        random,
        &[
            "Transfer-Encoding: chunked",
            "Transfer-Encoding: xchunked",
            "Transfer-Encoding: chunked, identity",
            "Transfer-Encoding: identity, chunked",
            "Transfer-Encoding: identity",
            "Transfer-Encoding:\tchunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
            "Transfer-Encoding : chunked",
            "Transfer-Encoding: \"chunked\"",
            "Transfer-Encoding\n: chunked",
            "Transfer-Encoding: CHUNKED",
        ],
    );
    let length = random.usize(..60);
    let headers = match random.u8(..3) {
        0 => format!("Content-Length: {length}\r\n{encoding}"),
        1 => format!("{encoding}\r\nContent-Length: {length}"),
        _ => encoding.to_owned(),
    };
    let inner = format!("0\r\n\r\nDELETE {conversation}/messages/x HTTP/1.1\r\nHost: x\r\n\r\n");
    let request = with(conversation, &headers, inner.as_bytes());
    let version: &[u8] = if random.bool() { b"HTTP/1.0" } else { b"HTTP/1.1" };
    let place = request.windows(8).position(|part| part == b"HTTP/1.1").unwrap_or_default();
    [&request[..place], version, &request[place + 8..]].concat()
}

pub fn broken_chunks(random: &mut Rng, conversation: &str) -> Vec<u8> {
    let chunks = match random.u8(..12) {
        0 => b"zz\r\nhello\r\n0\r\n\r\n".to_vec(),
        1 => b"-5\r\nhello\r\n0\r\n\r\n".to_vec(),
        2 => b"ffffffffffffffff\r\nhello".to_vec(),
        3 => b"fffffffffffffffff\r\nhello".to_vec(),
        4 => b"5\r\nhello0\r\n\r\n".to_vec(),
        5 => b"5\nhello\n0\n\n".to_vec(),
        6 => [b"5;", &b"x".repeat(100_000)[..], b"\r\nhello\r\n0\r\n\r\n"].concat(),
        7 => [b"0\r\n", &b"X: y\r\n".repeat(5_000)[..], b"\r\n"].concat(),
        8 => [b"0\r\nX: ", &b"y".repeat(500_000)[..], b"\r\n\r\n"].concat(),
        9 => b"1\r\n{\r\n".repeat(200_000),
        10 => b"5\r\nhel".to_vec(),
        _ => bytes(random, 200),
    };
    with(conversation, "Transfer-Encoding: chunked", &chunks)
}

pub fn other_protocols(random: &mut Rng, conversation: &str) -> Vec<u8> {
    match random.u8(..8) {
        0 => format!("GET {conversation}\r\n").into_bytes(),
        1 => b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec(),
        2 => format!("GET {conversation} HTTP/9.9\r\n\r\n").into_bytes(),
        3 => format!("GET {conversation} HTTP/1.10\r\n\r\n").into_bytes(),
        4 => format!("GET {conversation} HTP/1.1\r\n\r\n").into_bytes(),
        5 => b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        6 => b"*1\r\n$4\r\nPING\r\n".to_vec(),
        _ => format!("  GET\t{conversation}\tHTTP/1.1\n\n").into_bytes(),
    }
}

pub fn upgrades(random: &mut Rng, conversation: &str) -> Vec<u8> {
    let headers = one(
        random,
        &[
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x",
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk",
            "Connection: Upgrade\r\nContent-Length: 5",
            "Expect: 100-continue\r\nContent-Length: 5",
            "Expect: a miracle\r\nContent-Length: 5",
        ],
    );
    with(conversation, headers, &bytes(random, 20))
}

/// A good request that ends anywhere.
pub fn cut_requests(random: &mut Rng, conversation: &str) -> Vec<u8> {
    let mut request = post(conversation, message("hello").as_bytes());
    request.truncate(random.usize(..request.len()));
    request
}

pub fn noise(random: &mut Rng, conversation: &str) -> Vec<u8> {
    let noise = bytes(random, 2_000);
    if random.bool() {
        return noise;
    }
    // A good request with some of it changed.
    let mut request = post(conversation, message("hello").as_bytes());
    for byte in noise.iter().take(8) {
        let place = random.usize(..request.len());
        request[place] = *byte;
    }
    request
}
