//! The description of the API beside the code that it describes.

use std::collections::BTreeSet;

use functions::http::error::status_and_code;
use functions::route::Route;
use serde_json::Value;
use shared::domain::cursor::Cursor;
use shared::domain::field::Field;
use shared::domain::limits::{MAX_CONTENT_BYTES, MAX_WAIT_SECONDS};
use shared::error::Error;
use testing::api::Api;
use testing::router::Router;

fn document() -> Value {
    serde_json::from_str(include_str!("../../src/openapi.json")).expect("JSON")
}

/// What a `$ref` leads to, or the value itself.
fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => {
            document.pointer(reference.trim_start_matches('#')).expect("what is referred to")
        }
        None => value,
    }
}

/// Each operation, with its path and its method.
fn operations(document: &Value) -> impl Iterator<Item = (&String, &String, &Value)> {
    let paths = document["paths"].as_object().expect("paths").iter();
    paths.flat_map(|(path, operations)| {
        let operations = operations.as_object().expect("operations").iter();
        operations.map(move |(method, operation)| (path, method, operation))
    })
}

/// Every error there is, but those of requests that are to no route.
fn errors() -> Vec<Error> {
    let fields = [
        Field::Sender,
        Field::Content,
        Field::Timestamp,
        Field::Event,
        Field::Cursor,
        Field::Name,
        Field::Reason,
        Field::Metadata,
    ];
    let mut errors = vec![
        Error::InvalidJson(String::new()),
        Error::MissingField(Field::Sender),
        Error::InvalidConversationId,
        Error::InvalidMessageId,
        Error::InvalidIdempotencyKey,
        Error::InvalidIfMatch,
        Error::AlreadyJoined,
        Error::ConversationClosed,
        Error::ConversationChanged(Cursor::START),
        Error::InvalidCursor,
        Error::InvalidWait,
        Error::InvalidLimit,
        Error::MethodNotAllowed(String::new()),
        Error::Unauthorized,
        Error::ForbiddenConversation,
        Error::ConversationNotFound,
        Error::MessageNotFound,
        Error::ConversationFull,
        Error::ContentTooLarge,
        Error::BodyTooLarge,
        Error::UnsupportedEncoding,
        Error::IdempotencyKeyReused,
        Error::Internal("".into()),
        Error::StoreUnavailable("".into()),
    ];
    errors.extend(fields.map(Error::InvalidField));
    errors
}

#[tokio::test]
async fn it_is_served_as_it_is() {
    let router = Router::start(env!("CARGO_BIN_EXE_local"), None, &[]);
    let served = Api::at(&router.url).get("/openapi.json").await;
    assert_eq!(served.header("content-type"), "application/json");
    assert_eq!(served.json(), document());
    assert_eq!(served.json()["info"]["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn it_describes_the_routes_and_no_others() {
    let document = document();
    let described = operations(&document).map(|(path, method, operation)| {
        let name = operation["operationId"].as_str().expect("a name").to_owned();
        (path.clone(), method.to_uppercase(), name)
    });
    let routes = Route::ALL.map(|route| {
        (route.path().to_owned(), route.method().to_string(), route.name().to_owned())
    });
    assert_eq!(described.collect::<BTreeSet<_>>(), BTreeSet::from(routes));
}

#[test]
fn it_names_every_error_with_its_status_and_no_others() {
    let document = document();
    let mut described = BTreeSet::new();
    for (_, _, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().expect("responses") {
            let status: u16 = status.parse().expect("a status");
            let response = resolve(&document, response);
            let schema = &response["content"]["application/json"]["schema"];
            let Some(codes) = schema["properties"]["code"]["enum"].as_array() else {
                assert!(status < 400, "{status} has no code");
                continue;
            };
            described.extend(codes.iter().map(|code| (status, code.as_str().expect("a code"))));
        }
    }
    let errors = errors();
    let errors = errors.iter().map(status_and_code);
    let errors = errors.map(|(status, code)| (status.as_u16(), code));
    assert_eq!(described, errors.collect());
}

#[test]
fn it_names_the_limits_that_the_code_has() {
    let document = document();
    let content = &document["components"]["schemas"]["NewMessage"]["properties"]["content"];
    assert_eq!(content["maxLength"], MAX_CONTENT_BYTES);
    let (_, _, read) = operations(&document)
        .find(|(.., operation)| operation["operationId"] == "get-conversation")
        .expect("reading");
    let parameters = read["parameters"].as_array().expect("parameters");
    let wait = parameters.iter().find(|parameter| parameter["name"] == "wait");
    assert_eq!(wait.expect("a parameter")["schema"]["maximum"], MAX_WAIT_SECONDS);
}
