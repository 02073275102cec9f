//! The slots of a cluster: which one a conversation is in, and which node serves which.

use crc::{CRC_16_XMODEM, Crc};
use redis::Value;

use crate::domain::conversation::ConversationId;

/// How many slots a cluster has
/// (<https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/>).
pub(super) const SLOTS: usize = 16384;
/// The checksum that a key's slot is computed from.
const CHECKSUM: Crc<u16> = Crc::<u16>::new(&CRC_16_XMODEM);

/// The slot of a conversation's keys and channel.
pub(super) fn slot_of(id: &ConversationId) -> usize {
    usize::from(CHECKSUM.checksum(id.to_key("", "").as_bytes())) % SLOTS
}

/// Successive slots that one node serves.
pub(super) struct SlotRange<'a> {
    pub(super) first: usize,
    pub(super) last: usize,
    /// Empty if the node does not know its own host.
    pub(super) host: &'a str,
    pub(super) port: u16,
}

/// Reads the reply to `CLUSTER SLOTS`
/// (<https://redis.io/docs/latest/commands/cluster-slots/>).
pub(super) fn slot_ranges(reply: &Value) -> impl Iterator<Item = SlotRange<'_>> {
    let ranges = match reply {
        Value::Array(ranges) => &ranges[..],
        _ => &[],
    };
    ranges.iter().filter_map(slot_range)
}

fn slot_range(range: &Value) -> Option<SlotRange<'_>> {
    let Value::Array(parts) = range else { return None };
    let [Value::Int(first), Value::Int(last), Value::Array(primary), ..] = &parts[..] else {
        return None;
    };
    let [host, Value::Int(port), ..] = &primary[..] else { return None };
    let host = match host {
        Value::BulkString(host) if host != b"?" => std::str::from_utf8(host).ok()?,
        _ => "",
    };
    Some(SlotRange {
        first: usize::try_from(*first).ok()?,
        last: usize::try_from(*last).ok()?,
        host,
        port: (*port).try_into().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::redis::keys::conversation_key;

    #[test]
    fn a_conversation_is_in_the_slot_that_its_keys_are_in() {
        let id: ConversationId = "3f0c9e1a-8f64-4f0e-9d3b-0a1b2c3d4e5f".parse().unwrap();
        let redis = testing::redis::RedisServer::start_with(&["--cluster-enabled", "yes"]);
        let key = conversation_key(&id);
        assert_eq!(redis.command(&["CLUSTER", "KEYSLOT", &key]), format!(":{}\r\n", slot_of(&id)));
    }
}
