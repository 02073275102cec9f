//! Times as text: checking the timestamps of clients, and writing our own.

use std::borrow::Cow;
use std::time::SystemTime;

use chrono::{DateTime, FixedOffset, SecondsFormat, Timelike, Utc};

/// How many bytes a timestamp may have; ISO 8601 does not limit the fraction of a second.
const MAX_LENGTH: usize = 64;
/// Bytes of a date and a time with seconds, as in `2025-04-05T14:01:00`.
const SECONDS_END: usize = 19;

/// Whether this is an ISO 8601 date and time in the extended format, with seconds and a time zone.
///
/// chrono reads RFC 3339, which differs: it allows a blank for the `T` and lower-case letters, but
/// neither a decimal comma nor the offsets `+02` and `+0200`.
pub fn is_valid(text: &str) -> bool {
    let shape = text.is_ascii() && text.len() <= MAX_LENGTH && !text.contains('z');
    shape
        && text.as_bytes().get(10) == Some(&b'T')
        && DateTime::parse_from_rfc3339(&as_rfc3339(text)).is_ok_and(is_possible)
}

/// Whether a leap second, if it is one, is where there can be one: at the end of a day in UTC. chrono
/// keeps it as a second whose fraction is 1 or more.
fn is_possible(time: DateTime<FixedOffset>) -> bool {
    let time = time.to_utc();
    time.nanosecond() < 1_000_000_000 || (time.hour(), time.minute()) == (23, 59)
}

/// A time in UTC with milliseconds, as in `2025-04-05T14:01:00.000Z`.
pub fn format(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn as_rfc3339(text: &str) -> Cow<'_, str> {
    let Some((to_the_second, rest)) = text.split_at_checked(SECONDS_END) else {
        return text.into();
    };
    let (fraction, offset) = rest.split_at(rest.find(['+', '-']).unwrap_or(rest.len()));
    let offset: Cow<str> = match offset.len() {
        // Nearly every client writes RFC 3339 already.
        0 | 6 if !fraction.contains(',') => return text.into(),
        3 => format!("{offset}:00").into(),
        5 => format!("{}:{}", &offset[..3], &offset[3..]).into(),
        _ => offset.into(),
    };
    format!("{to_the_second}{}{offset}", fraction.replacen(',', ".", 1)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_8601_with_seconds_and_a_zone_is_accepted() {
        for good in [
            "2025-04-05T14:01:00Z",
            "2025-04-05T14:01:00.123Z",
            "2025-04-05T14:01:00,5Z",
            "2025-04-05T14:01:00+02:00",
            "2025-04-05T14:01:00-0330",
            "2025-04-05T14:01:00.000001+02",
            "2024-02-29T23:59:60Z",
            "2017-01-01T01:59:60.5+02:00",
        ] {
            assert!(is_valid(good), "{good}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in [
            "",
            "now",
            "2025-04-05",
            "2025-04-05T14:01Z",
            "2025-04-05T14:01:00",
            "2025-04-05 14:01:00Z",
            "2025-04-05t14:01:00z",
            "2025-04-05T14:01:00z",
            "2025-02-29T14:01:00Z",
            "2025-04-05T14:01:60Z",
            "2025-04-05T23:58:60Z",
            "2025-04-05T23:59:60+02:00",
            "2025-04-05T25:01:00Z",
            "2025-04-05T14:01:00+2",
            "2025-04-05T14:01:00+99:00",
            "2025-4-5T14:01:00Z",
            " 2025-04-05T14:01:00Z",
            "2025-04-05T14:01:00Z ",
            "2025-04-05T14:01:00\u{2212}02:00",
            "２025-04-05T14:01:00Z",
            &format!("2025-04-05T14:01:00.{}Z", "0".repeat(64)),
        ] {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}
