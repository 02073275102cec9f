//! Texts and JSON of every shape, for the properties of the log.

use proptest::prelude::*;
use serde_json::Value;
use shared::event_log::line;

/// Any Unicode, and often what looks like the log's own lines.
pub fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => ".{1,20}",
        1 => "[\"\\\\\n,{}: ]{1,20}",
        1 => Just(format!("\n{}01980a2b-0000-7000-8000-000000000000\"}},\n", line::MESSAGE_MARK)),
        1 => Just(format!("\n{}{{}},\"at\":\"\"}},\n", line::CREATION_MARK)),
        1 => Just("\"},\n{\"event\":\"closed\",\"sender\":\"agent\"},\n".to_owned()),
    ]
}

/// JSON of every shape; keys that look like the service's own among them.
fn json_value() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        "-?[1-9][0-9]{0,40}",
        "0\\.[0-9]{1,30}",
        "[1-9]\\.[0-9]{1,3}[eE][+-]?[0-9]{1,4}",
    ];
    let leaf = prop_oneof![
        number,
        prop_oneof![Just("null"), Just("true"), Just("false")].prop_map(str::to_owned),
        text().prop_map(|text| Value::from(text).to_string()),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        let array = prop::collection::vec(inner.clone(), 0..5);
        prop_oneof![
            (array, spaces()).prop_map(|(items, space)| {
                format!("[{space}{}{space}]", items.join(&format!("{space},{space}")))
            }),
            object(inner),
        ]
    })
}

fn object(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let key = prop_oneof![
        "[a-z]{0,3}",
        prop_oneof![Just("event"), Just("messageId"), Just("metadata"), Just("at")]
            .prop_map(str::to_owned),
        text(),
    ];
    let fields = prop::collection::vec((key, value), 0..5);
    (fields, spaces()).prop_map(|(fields, space)| {
        let fields = fields.into_iter().map(|(key, value)| {
            format!("{space}{}{space}:{space}{value}{space}", Value::from(key))
        });
        format!("{{{space}{}}}", fields.collect::<Vec<_>>().join(","))
    })
}

fn spaces() -> impl Strategy<Value = String> {
    "[ \t\n\r]{0,3}"
}

pub fn metadata() -> impl Strategy<Value = String> {
    object(json_value())
}
