//! What a conversation is, beside what happened in it: a line of fixed length before its log.
//!
//! The scripts that write to Redis read and write its fields in their places:
//!
//! | bytes | field | at first |
//! |---|---|---|
//! | 0 | whether it is open (`o`) or closed (`c`) | `o` |
//! | 1 | who took it: nobody (`-`), nobody in particular (`a`), an agent of a name (`n`) | `-` |
//! | 2 to 33 | a digest of that agent, in hexadecimal | blanks |
//! | 34 to 43 | the cursor up to which the customer has seen it, in decimal | zeros |
//! | 44 to 53 | the same of the agent | zeros |
//! | 54 to 66 | the newest message that only a second attempt added: the beginning of its id, which is its time | zeros |
//! | 67 to 79 | until when sends are remembered by their keys: milliseconds since 1970, by Redis's clock | zeros |
//! | 80 to 94 | nothing yet | blanks |
//! | 95 | a line feed | |
//!
//! It lies in the conversation's own string and not in a key beside it, because under
//! `maxmemory-policy volatile-lru` such a key could be evicted alone.

/// Bytes of the state.
pub const STATE_LENGTH: usize = 96;

/// The state of a new conversation.
pub const NEW: &[u8; STATE_LENGTH] = b"o-                                \
    0000000000000000000000000000-00000000000000000               \n";

const _: () = assert!(NEW[STATE_LENGTH - 1] == b'\n' && NEW[62] == b'-');
