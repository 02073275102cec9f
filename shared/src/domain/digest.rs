//! Digests, which tell whether two texts are equal and not what they are.

use ring::digest::{Context, SHA256};

/// A digest of 128 bits.
pub(super) type Digest = [u8; 16];

/// The first half of SHA-256 of some parts in a row.
pub(super) fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Digest {
    let mut context = Context::new(&SHA256);
    parts.into_iter().for_each(|part| context.update(part));
    let mut digest = Digest::default();
    digest.copy_from_slice(&context.finish().as_ref()[..size_of::<Digest>()]);
    digest
}
