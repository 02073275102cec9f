//! The versions of a conversation that a request names. A cursor is a version.

use std::str::FromStr;

use crate::domain::cursor::Cursor;
use crate::error::Error;

/// At which version of the conversation a message may be added (the header `If-Match`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedVersion {
    /// Only at this one.
    Cursor(Cursor),
    /// At any (`*`).
    Any,
}

impl FromStr for ExpectedVersion {
    type Err = Error;

    /// Accepts `*` or one strong tag around a number. A number that is too large for a cursor counts
    /// as the largest, which no log reaches.
    fn from_str(text: &str) -> Result<Self, Error> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let number = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let number = number.ok_or(Error::InvalidIfMatch)?;
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        match number.parse() {
            Ok(cursor) => Ok(Self::Cursor(cursor)),
            Err(_) if is_number && !number.starts_with('0') => Ok(Self::Cursor(Cursor(u32::MAX))),
            Err(_) => Err(Error::InvalidIfMatch),
        }
    }
}

/// The versions that a reader knows already (the header `If-None-Match`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownVersions {
    /// These, or none if it is empty.
    Cursors(Vec<Cursor>),
    /// Any version (`*`).
    Any,
}

impl KnownVersions {
    /// No version, so that the conversation is read in any case.
    pub const NONE: Self = Self::Cursors(Vec::new());

    /// Whether this version is known.
    pub fn contains(&self, cursor: Cursor) -> bool {
        match self {
            Self::Cursors(cursors) => cursors.contains(&cursor),
            Self::Any => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expected_version_is_one_strong_tag_or_any() {
        let at = |number| Ok(ExpectedVersion::Cursor(Cursor(number)));
        let parse = |text: &str| text.parse::<ExpectedVersion>().map_err(drop);
        assert_eq!(parse("*"), Ok(ExpectedVersion::Any));
        assert_eq!(parse("\"0\""), at(0));
        assert_eq!(parse("\"4711\""), at(4711));
        assert_eq!(parse("\"99999999999999999999\""), at(u32::MAX));
        for wrong in [
            "",
            "7",
            "\"",
            "\"\"",
            "W/\"7\"",
            "\"7\", \"8\"",
            "\"7\",*",
            "\"07\"",
            "\"x\"",
            "\"+7\"",
            "**",
        ] {
            assert_eq!(parse(wrong), Err(()), "{wrong}");
        }
    }
}
