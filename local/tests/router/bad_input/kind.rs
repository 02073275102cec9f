//! The kinds of bad request.

use fastrand::Rng;

use super::{bodies, framing, heads};

/// A kind of bad request.
#[derive(Clone, Copy)]
pub struct Kind {
    pub name: &'static str,
    /// Whether the router may have reason to wait for more.
    pub is_cut_short: bool,
    /// Makes one against a conversation's path.
    pub make: fn(&mut Rng, &str) -> Vec<u8>,
}

/// All of them.
pub fn all() -> Vec<Kind> {
    macro_rules! kinds {
        ($is_cut_short:literal: $($module:ident::$kind:ident),* $(,)?) => {
            [$(Kind {
                name: stringify!($kind),
                is_cut_short: $is_cut_short,
                make: $module::$kind,
            }),*]
        };
    }
    let whole = kinds![false:
        bodies::broken_json,
        bodies::deep_nesting,
        bodies::huge_numbers,
        bodies::lone_surrogates,
        bodies::invalid_utf8,
        bodies::nuls,
        bodies::too_large,
        heads::a_megabyte_of_headers,
        heads::thousands_of_headers,
        heads::strange_headers,
        heads::strange_paths,
        heads::strange_escapes,
        heads::long_paths,
        heads::strange_queries,
        heads::strange_methods,
    ];
    let cut_short = kinds![true:
        heads::broken_headers,
        framing::too_long_a_length,
        framing::too_short_a_length,
        framing::senseless_lengths,
        framing::two_lengths,
        framing::smuggled_requests,
        framing::broken_chunks,
        framing::other_protocols,
        framing::upgrades,
        framing::cut_requests,
        framing::noise,
    ];
    [&whole[..], &cut_short].concat()
}

/// A send of this body that is well-formed as HTTP.
pub fn post(conversation: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {conversation}/messages HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// One of some choices.
pub fn one<T: Copy>(random: &mut Rng, choices: &[T]) -> T {
    choices[random.usize(..choices.len())]
}

/// Any bytes, fewer than a number of them.
pub fn bytes(random: &mut Rng, fewer_than: usize) -> Vec<u8> {
    let length = random.usize(..fewer_than);
    (0..length).map(|_| random.u8(..)).collect()
}
