//! All messages, unless the client has them already.

use http::header::{ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use shared::answer::{self, Answer};
use shared::conversation::ConversationId;
use shared::cursor::Cursor;
use shared::error::Error;
use shared::log;
use shared::store::{Read, Store};

pub(super) async fn answer(
    store: &Store,
    conversation: ConversationId,
    headers: &HeaderMap,
) -> Result<Answer, Error> {
    let (cursor, mut answer) = match store.read(&conversation, &known_cursors(headers)).await? {
        Read::Unchanged(cursor) => (cursor, answer::empty(StatusCode::NOT_MODIFIED)),
        Read::Log(log) => {
            let end = log::end(log.len());
            (end, answer::json(StatusCode::OK, log::into_answer(log)))
        }
    };
    let etag = HeaderValue::try_from(format!("\"{cursor}\""));
    let etag = etag.map_err(|error| Error::Internal(error.into()))?;
    answer.headers_mut().insert(ETAG, etag);
    Ok(answer)
}

/// The cursors in `If-None-Match` (RFC 9110, section 13.1.2).
///
/// A tag that is no cursor matches nothing and is passed over. The comparison is weak, as the RFC
/// asks: a cache on the way may have made `W/"7"` of `"7"`.
fn known_cursors(headers: &HeaderMap) -> Vec<Cursor> {
    let headers = headers.get_all(IF_NONE_MATCH).iter();
    let tags = headers.filter_map(|header| header.to_str().ok()).flat_map(|text| text.split(','));
    tags.filter_map(cursor_of_tag).collect()
}

fn cursor_of_tag(tag: &str) -> Option<Cursor> {
    let tag = tag.trim();
    let quoted = tag.strip_prefix("W/").unwrap_or(tag);
    let text = quoted.strip_prefix('"')?.strip_suffix('"')?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(header: &'static str) -> Vec<Cursor> {
        known_cursors(&HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static(header))]))
    }

    #[test]
    fn if_none_match_may_name_one_version_several_and_weak_ones() {
        assert_eq!(known("\"0\""), [Cursor(0)]);
        assert_eq!(known("\"7\", W/\"19\",\"x\""), [Cursor(7), Cursor(19)]);
    }

    #[test]
    fn tags_of_other_servers_are_passed_over() {
        for tag in
            ["", "7", "\"", "\"x\"", "\"-1\"", "\"+1\"", "\"007\"", "*", "\"99999999999999999999\""]
        {
            assert_eq!(known(tag), [], "{tag}");
        }
    }
}
