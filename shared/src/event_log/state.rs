//! A conversation's state: a line of fixed length before its log.
//!
//! The scripts that write to Redis read and write its fields at fixed offsets:
//!
//! | bytes | field | at first |
//! |---|---|---|
//! | 0 | whether it is open (`o`) or closed (`c`) | `o` |
//! | 1 | who took it: nobody (`-`), an agent without a name (`a`), an agent with a name (`n`) | `-` |
//! | 2 to 14 | the newest message that a retry added: the start of its id, which is its time | zeros |
//! | 15 to 27 | until when sends are remembered: milliseconds since 1970, by Redis's clock | zeros |
//! | 28 to 59 | a digest of the agent who took it, in hexadecimal | blanks |
//! | 60 to 69 | the cursor up to which the customer has seen it, in decimal | zeros |
//! | 70 to 79 | the same for the agent | zeros |
//! | 80 to 94 | unused | blanks |
//! | 95 | a line feed | |
//!
//! The state is in the conversation's own string, because under `maxmemory-policy volatile-lru` a
//! second key could be evicted alone.

/// Bytes of the state.
pub const STATE_LENGTH: usize = 96;

/// The state of a new conversation.
pub const NEW: &[u8; STATE_LENGTH] = b"o-00000000-00000000000000000\
    \x20                               00000000000000000000               \n";

const _: () = assert!(NEW[STATE_LENGTH - 1] == b'\n' && NEW[10] == b'-' && NEW[60] == b'0');
