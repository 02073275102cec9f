//! Bodies that are no message, in requests that are otherwise well-formed.

use fastrand::Rng;
use testing::api::message;

use super::kind::{bytes, one, post};

/// A message whose field has this raw value.
fn with(random: &mut Rng, value: &[u8]) -> Vec<u8> {
    let mut fields: [&[u8]; 3] = [b"\"agent\"", b"\"hello\"", b"\"2025-04-05T14:01:00Z\""];
    fields[random.usize(..3)] = value;
    let [sender, content, timestamp] = fields;
    [
        b"{\"sender\":",
        sender,
        b",\"content\":",
        content,
        b",\"timestamp\":",
        timestamp,
        b",\"more\":",
        value,
        b"}",
    ]
    .concat()
}

pub fn broken_json(random: &mut Rng, conversation: &str) -> Vec<u8> {
    let mut body = message("hello \u{1f600} \"world\"").into_bytes();
    for _ in 0..random.usize(1..4) {
        let place = random.usize(..body.len());
        match random.u8(..4) {
            0 => body.truncate(place.max(1)),
            1 => body[place] = random.u8(..),
            2 => body.insert(place, one(random, b"{}[]\",:\\\0\n0-eE")),
            _ => drop(body.remove(place)),
        }
        if body.is_empty() {
            body.push(b'{');
        }
    }
    post(conversation, &body)
}

pub fn deep_nesting(random: &mut Rng, conversation: &str) -> Vec<u8> {
    let opening: &str = one(random, &["[", "{\"a\":", "[{\"a\":[", "[[],"]);
    let depth = random.usize(100..20_000);
    let nested = opening.repeat(depth);
    let closed = format!("{}0{}", "[".repeat(depth), "]".repeat(depth));
    let value = if random.bool() { nested } else { closed };
    let body = if random.bool() { value.into_bytes() } else { with(random, value.as_bytes()) };
    post(conversation, &body)
}

pub fn huge_numbers(random: &mut Rng, conversation: &str) -> Vec<u8> {
    let digits = "9".repeat(random.usize(1..50_000));
    let number = match random.u8(..6) {
        0 => digits,
        1 => format!("-{digits}"),
        2 => format!("1e{digits}"),
        3 => format!("1E-{digits}"),
        4 => format!("0.{digits}"),
        _ => one(random, &["NaN", "Infinity", "0x10", "00", "-", "1.", ".5", "1e"]).to_owned(),
    };
    let body = with(random, number.as_bytes());
    post(conversation, &body)
}

pub fn lone_surrogates(random: &mut Rng, conversation: &str) -> Vec<u8> {
    let high = format!("\\u{:04x}", random.u16(0xd800..0xdc00));
    let low = format!("\\u{:04x}", random.u16(0xdc00..0xe000));
    let text = match random.u8(..5) {
        0 => high,
        1 => low,
        2 => format!("{low}{high}"),
        3 => format!("{high}x{low}"),
        _ => format!("{high}{high}{low}"),
    };
    let body = with(random, format!("\"{text}\"").as_bytes());
    post(conversation, &body)
}

pub fn invalid_utf8(random: &mut Rng, conversation: &str) -> Vec<u8> {
    let wrong: &[u8] = one(
        random,
        &[
            b"\xff",
            b"\xc0\x80",
            b"\xe2\x82",
            b"\xed\xa0\x80",
            b"\xf4\x90\x80\x80",
            b"\x80",
            b"\xf8\x88\x80\x80\x80",
        ],
    );
    let value = [b"\"x", wrong, &bytes(random, 8), b"\""].concat();
    let body = with(random, &value);
    post(conversation, &body)
}

pub fn nuls(random: &mut Rng, conversation: &str) -> Vec<u8> {
    let value: &[u8] = one(random, &[b"\"\0\"", b"\0", b"\"a\\u0000b\"", b"\"\\0\"", b"\"x\"\0"]);
    let body = with(random, value);
    let after = vec![0; random.usize(..100)];
    post(conversation, &[body, after].concat())
}

pub fn too_large(random: &mut Rng, conversation: &str) -> Vec<u8> {
    let length = random.usize(16 * 1024..300 * 1024);
    let body = match random.u8(..3) {
        0 => message(&"x".repeat(length)).into_bytes(),
        1 => vec![b' '; length],
        _ => vec![0xff; length],
    };
    post(conversation, &body)
}
