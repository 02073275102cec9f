//! All messages, unless the client has them already.

use http::header::{ETAG, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};
use shared::domain::conversation::ConversationId;
use shared::domain::cursor::Cursor;
use shared::domain::version::KnownVersions;
use shared::error::Error;
use shared::event_log::read::into_json;
use shared::store::{Read, Store, log_end};

use crate::http::response::{self, Response};

pub(super) async fn respond(
    store: &Store,
    conversation: ConversationId,
    headers: &HeaderMap,
) -> Result<Response, Error> {
    let (cursor, mut response) = match store.read(&conversation, &known_versions(headers)).await? {
        Read::Unchanged(cursor) => (cursor, response::empty(StatusCode::NOT_MODIFIED)),
        Read::Log(log) => (log_end(&log), response::json(StatusCode::OK, into_json(log))),
    };
    response.headers_mut().extend(response::etag(cursor).map(|etag| (ETAG, etag)));
    Ok(response)
}

/// The versions in `If-None-Match` (RFC 9110, section 13.1.2).
///
/// A tag that is no cursor matches nothing and is passed over. The comparison is weak, as the RFC
/// asks: a cache on the way may have made `W/"7"` of `"7"`.
fn known_versions(headers: &HeaderMap) -> KnownVersions {
    let headers = headers.get_all(IF_NONE_MATCH).iter().filter_map(|header| header.to_str().ok());
    let mut cursors = Vec::new();
    for tag in headers.flat_map(|text| text.split(',')) {
        if tag.trim() == "*" {
            return KnownVersions::Any;
        }
        cursors.extend(cursor_of_tag(tag));
    }
    KnownVersions::Cursors(cursors)
}

fn cursor_of_tag(tag: &str) -> Option<Cursor> {
    let tag = tag.trim();
    let quoted = tag.strip_prefix("W/").unwrap_or(tag);
    let text = quoted.strip_prefix('"')?.strip_suffix('"')?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn known(header: &'static str) -> KnownVersions {
        known_versions(&HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static(header))]))
    }

    fn cursors(numbers: &[u32]) -> KnownVersions {
        KnownVersions::Cursors(numbers.iter().copied().map(Cursor).collect())
    }

    #[test]
    fn if_none_match_may_name_one_version_several_and_weak_ones() {
        assert_eq!(known("\"0\""), cursors(&[0]));
        assert_eq!(known("\"7\", W/\"19\",\"x\""), cursors(&[7, 19]));
        assert_eq!(known(" * "), KnownVersions::Any);
    }

    #[test]
    fn tags_of_other_servers_are_passed_over() {
        for tag in
            ["", "7", "\"", "\"x\"", "\"-1\"", "\"+1\"", "\"007\"", "\"99999999999999999999\""]
        {
            assert_eq!(known(tag), KnownVersions::NONE, "{tag}");
        }
    }
}
