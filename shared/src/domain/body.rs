//! Reading a request's body: a JSON object, whose unknown fields are ignored.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::domain::field::Field;
use crate::error::Error;

/// What may stand before a text in UTF-8 (RFC 8259, section 8.1).
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Reads the fields of the object that a body must be.
pub(super) fn fields<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Error> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    let not_utf8 = |_| Error::InvalidJson("it is not UTF-8".to_owned());
    let body = std::str::from_utf8(body).map_err(not_utf8)?;
    match body.trim_ascii_start().as_bytes().first() {
        Some(b'{') => {}
        None => return Err(Error::InvalidJson("it is empty".to_owned())),
        // serde would take an array for a struct as well.
        Some(_) => return Err(Error::InvalidJson("it does not begin with {".to_owned())),
    }
    serde_json::from_str(body).map_err(|error| Error::InvalidJson(error.to_string()))
}

/// Keeps a field's raw JSON, so that an error can name a field that is wrong or missing. Keeps a
/// `null` too, which serde would take for a missing field.
pub(super) fn raw<'de: 'a, 'a, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Reads a field that must be there and be a string.
pub(super) fn text(value: Option<&RawValue>, field: Field) -> Result<String, Error> {
    optional_text(value, field)?.ok_or(Error::MissingField(field))
}

/// Reads a field that must be a string if it is there.
pub(super) fn optional_text(
    value: Option<&RawValue>,
    field: Field,
) -> Result<Option<String>, Error> {
    let text = value.map(|value| serde_json::from_str(value.get()));
    text.transpose().map_err(|_| Error::InvalidField(field))
}
