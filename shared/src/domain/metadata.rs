//! What a conversation is about, as whoever creates it says.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::body;
use crate::domain::field::Field;
use crate::domain::limits::MAX_METADATA_BYTES;
use crate::error::Error;

/// A JSON object without white space between its tokens, otherwise as it was sent. It holds no
/// line feed, because JSON escapes those within strings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata(String);

impl Metadata {
    /// Reads the metadata from the body of a creation, which may be empty.
    pub fn from_body(body: &[u8]) -> Result<Option<Self>, Error> {
        #[derive(Deserialize)]
        struct Fields<'a> {
            #[serde(borrow, default, deserialize_with = "body::raw")]
            metadata: Option<&'a RawValue>,
        }
        if body.is_empty() {
            return Ok(None);
        }
        let fields: Fields = body::fields(body)?;
        fields.metadata.map(|metadata| Self::new(metadata.get())).transpose()
    }

    fn new(json: &str) -> Result<Self, Error> {
        let compact = compact(json);
        if compact.starts_with('{') && compact.len() <= MAX_METADATA_BYTES {
            Ok(Self(compact))
        } else {
            Err(Error::InvalidField(Field::Metadata))
        }
    }

    /// The object as JSON.
    pub fn as_json(&self) -> &str {
        &self.0
    }
}

/// Removes the white space between the tokens of valid JSON (RFC 8259, section 2).
fn compact(json: &str) -> String {
    let (mut is_in_string, mut is_escaped) = (false, false);
    let is_kept = |character: &char| {
        if is_in_string {
            is_in_string = *character != '"' || is_escaped;
            is_escaped = *character == '\\' && !is_escaped;
            return true;
        }
        is_in_string = *character == '"';
        !matches!(character, ' ' | '\t' | '\n' | '\r')
    };
    json.chars().filter(is_kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Option<String>, String> {
        let metadata = Metadata::from_body(body.as_bytes());
        metadata
            .map(|metadata| metadata.map(|it| it.as_json().to_owned()))
            .map_err(|error| format!("{error:?}"))
    }

    #[test]
    fn only_white_space_between_tokens_is_removed() {
        let pretty = "{\"metadata\": {\n\t\"b\" : [1.50, 1e400 ,\r\n -0],\n \"a\\\" b\\\\\" : \" x\\\\\\\" \\n \" } }";
        let compact = "{\"b\":[1.50,1e400,-0],\"a\\\" b\\\\\":\" x\\\\\\\" \\n \"}";
        assert_eq!(read(pretty), Ok(Some(compact.to_owned())));
        assert_eq!(read(r#"{"metadata":{}}"#), Ok(Some("{}".to_owned())));
    }

    #[test]
    fn a_body_without_metadata_is_fine_and_one_that_is_no_object_is_not() {
        for body in ["", "{}", r#"{"other":1}"#] {
            assert_eq!(read(body), Ok(None), "{body}");
        }
        for body in ["null", "[]", "{", "\"x\"", " "] {
            assert!(read(body).unwrap_err().starts_with("InvalidJson"), "{body}");
        }
    }

    #[test]
    fn anything_but_an_object_of_4_kib_is_refused() {
        for metadata in ["null", "[]", "\"{}\"", "1", "true"] {
            let refused = read(&format!("{{\"metadata\":{metadata}}}"));
            assert_eq!(refused, Err("InvalidField(Metadata)".to_owned()), "{metadata}");
        }
        let of_length = |length: usize| {
            let text = "x".repeat(length - r#"{"a":""}"#.len());
            read(&format!("{{\"metadata\": {{ \"a\": \"{text}\" }}}}"))
        };
        assert_eq!(of_length(MAX_METADATA_BYTES).unwrap().unwrap().len(), MAX_METADATA_BYTES);
        assert!(of_length(MAX_METADATA_BYTES + 1).is_err());
    }
}
