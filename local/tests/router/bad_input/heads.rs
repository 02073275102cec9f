//! Heads of requests: methods, paths, queries and headers.

use fastrand::Rng;
use testing::api::message;

use super::kind::{bytes, one};

fn get(target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes()
}

/// A read with this, byte for byte, among its headers.
fn with(conversation: &str, header: &[u8]) -> Vec<u8> {
    let start = format!("GET {conversation} HTTP/1.1\r\nHost: x\r\n");
    [start.as_bytes(), header, b"\r\n\r\n"].concat()
}

pub fn a_megabyte_of_headers(random: &mut Rng, conversation: &str) -> Vec<u8> {
    let name = one(random, &["X", "Cookie", "If-None-Match", "Idempotency-Key", "Accept"]);
    let header = if random.bool() {
        format!("{name}: {}", one(random, &["x", "\"1\",", "*/*,"]).repeat(1024 * 1024))
    } else {
        let header = format!("{name}: {}\r\n", "x".repeat(20 * 1024));
        header.repeat(60)
    };
    with(conversation, &header.as_bytes()[..1024 * 1024])
}

pub fn thousands_of_headers(random: &mut Rng, conversation: &str) -> Vec<u8> {
    let name = one(random, &["A", "Host", "Accept", "Idempotency-Key", "Content-Length"]);
    let header = format!("{name}: {}", random.u32(..));
    with(conversation, vec![header.as_str(); random.usize(90..5_000)].join("\r\n").as_bytes())
}

/// Headers that HTTP allows and no client of ours sends.
pub fn strange_headers(random: &mut Rng, conversation: &str) -> Vec<u8> {
    let name = one(
        random,
        &["Idempotency-Key", "If-None-Match", "Last-Event-ID", "Accept", "Origin", "Content-Type"],
    );
    let values: [&[u8]; 14] = [
        b"",
        b"\xff\xfe",
        b"\t\t",
        b",,,,",
        b"\"",
        b"W/W/\"1\"",
        b"\"4294967296\"",
        b"-1",
        b"4294967295",
        b"99999999999999999999",
        b"*",
        b"text/event-stream;q=\xff",
        b"text/event-stream, ,;;",
        b"null",
    ];
    let header = [name.as_bytes(), b": ", one(random, &values)].concat();
    if random.bool() {
        return with(conversation, &header);
    }
    let body = message("hello");
    let start = format!("POST {conversation}/messages HTTP/1.1\r\nHost: x\r\n");
    let length = format!("\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    [start.as_bytes(), &header, length.as_bytes()].concat()
}

/// Headers that HTTP does not allow; some make what follows look like more of them.
pub fn broken_headers(random: &mut Rng, conversation: &str) -> Vec<u8> {
    let headers: [&[u8]; 14] = [
        b"X",
        b": x",
        b"X : x",
        b" X: x",
        b"X: a\r\n b",
        b"X: a\rb",
        b"X: a\nY: b",
        b"X: \0",
        b"\0: x",
        b"X\xff: x",
        b"X: \x7f",
        b"Host: a\r\nHost: b",
        b"Content-Length: 0\r\nContent-Length\t: 5",
        b"Connection: close, \xff, keep-alive",
    ];
    let mut header = one(random, &headers).to_vec();
    header.extend(bytes(random, 6));
    with(conversation, &header)
}

pub fn strange_paths(random: &mut Rng, conversation: &str) -> Vec<u8> {
    let path = one(
        random,
        &[
            "/",
            "//",
            "//api//conversations//",
            "/../../../etc/passwd",
            "/api/../api/conversations",
            "/api/conversations/.",
            "/api/conversations/..",
            "/api/conversations/./messages/..",
            "/api\\conversations",
            "/api/conversations;x=1",
            "/api/conversations/x#y",
            "/API/CONVERSATIONS",
            "http://example.com/api/conversations/x",
            "http://[::1]:99999/",
            "https://user:password@/",
            "*",
            "example.com:443",
            "?",
            "api",
            "/api/conversations/{conversationId}",
            "/{*rest}",
            "/api/conversations/\u{fc}\u{1f600}",
            "/api/conversations/x/messages/y/z",
        ],
    );
    let path = if random.bool() { path.to_owned() } else { format!("{conversation}{path}") };
    get(&path)
}

pub fn strange_escapes(random: &mut Rng, conversation: &str) -> Vec<u8> {
    let escapes = ["%", "%2", "%zz", "%00", "%2f", "%2e%2e", "%ff", "%ed%a0%80", "%25", "%0d%0a"];
    let id: String = (0..random.usize(1..40)).map(|_| one(random, &escapes)).collect();
    match random.u8(..4) {
        0 => get(&format!("/api/conversations/{id}")),
        1 => get(&format!("{conversation}{id}")),
        2 => get(&format!("/{id}/api/conversations")),
        _ => {
            format!("DELETE {conversation}/messages/{id} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes()
        }
    }
}

pub fn long_paths(random: &mut Rng, conversation: &str) -> Vec<u8> {
    let part = one(random, &["/", "a", "%41", "/..", "?a=b&", "a/"]);
    get(&format!("{conversation}/{}", part.repeat(random.usize(1_000..60_000))))
}

pub fn strange_queries(random: &mut Rng, conversation: &str) -> Vec<u8> {
    let values = [
        "",
        "-1",
        "+0",
        "1",
        "007",
        "4294967295",
        "4294967296",
        "1e9",
        "%00",
        "%ff",
        "%",
        "0%20",
        "26",
        "\u{662}",
        "0&after=1",
        "=",
        "[]",
        "null",
        "18446744073709551616",
    ];
    let query: Vec<String> = (0..random.usize(1..4))
        .map(|_| {
            format!("{}={}", one(random, &["after", "wait", "%61fter", ""]), one(random, &values))
        })
        .collect();
    get(&format!("{conversation}?{}", query.join(one(random, &["&", "&&", ";", "?"]))))
}

pub fn strange_methods(random: &mut Rng, conversation: &str) -> Vec<u8> {
    let method = one(
        random,
        &["PUT", "PATCH", "TRACE", "OPTIONS", "CONNECT", "get", "PRI", "X", "M-SEARCH", "delete"],
    );
    let method =
        if random.bool() { method.to_owned() } else { method.repeat(random.usize(2..2_000)) };
    let target = one(random, &["*", "/", "/api/conversations", "x:443", conversation]);
    format!("{method} {target} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes()
}
