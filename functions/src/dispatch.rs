//! What all routes share: limits, errors and panics turned into answers, common headers, the log.

use std::time::Instant;

use http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue};
use lambda_http::{Request, RequestExt};
use shared::answer::{self, Answer};
use shared::error::Error;
use shared::limits::MAX_BODY_BYTES;

use crate::function::Function;
use crate::panics::caught;
use crate::route::Route;
use crate::service::Service;

/// The header that names a request in the log.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers a request by a function. Every end is an answer, a panic's too: Lambda shows the client
/// nothing of an error that leaves a handler.
pub async fn dispatch(function: Function, service: &Service, request: Request) -> Answer {
    let request_id = request_id(&request);
    let handling = async {
        if request.body().len() > MAX_BODY_BYTES {
            return Err(Error::BodyTooLarge);
        }
        (function.handle)(service, &request).await
    };
    answer(function.route, &request_id, handling).await
}

async fn answer(
    route: Route,
    request_id: &str,
    handling: impl Future<Output = Result<Answer, Error>>,
) -> Answer {
    let started = Instant::now();
    let outcome = caught(request_id, handling).await;
    let mut answer = outcome.unwrap_or_else(|error| refuse(&error, request_id));
    if route == Route::GetConversation {
        let revalidate = HeaderValue::from_static("private, no-cache");
        answer.headers_mut().insert(CACHE_CONTROL, revalidate);
    }
    tracing::info!(
        request_id,
        route = route.name(),
        status = answer.status().as_u16(),
        duration_ms = started.elapsed().as_secs_f64() * 1000.0,
        "answered"
    );
    finish(answer.headers_mut(), request_id);
    answer
}

/// The answer to an error, whose cause goes to the log here and nowhere else.
fn refuse(error: &Error, request_id: &str) -> Answer {
    if let Error::Internal(cause) | Error::StoreUnavailable(cause) = error {
        tracing::error!(request_id, %cause, "{error}");
    }
    answer::error(error)
}

/// Adds what every answer carries.
pub fn finish(headers: &mut HeaderMap, request_id: &str) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(request_id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, request_id);
    }
}

/// The id that Lambda gave the invocation, and the local router the request.
fn request_id(request: &Request) -> String {
    request.lambda_context_ref().map(|context| context.request_id.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use http::StatusCode;
    use serde_json::Value;
    use shared::answer::Body;

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_handler_that_panics_is_a_logged_500_that_says_nothing_of_its_cause() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_writer(move || writer.clone());
        let _logging = tracing::subscriber::set_default(subscriber.finish());

        let panicking = async { panic!("the cause") };
        let answer = answer(Route::GetConversation, "the-request", panicking).await;

        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(answer.headers()[REQUEST_ID], "the-request");
        let Body::Whole(body) = answer.into_body() else { panic!("a stream") };
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["code"], "internal");
        assert!(!body.to_string().contains("cause"), "{body}");

        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<Value> =
            log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(lines.iter().all(|line| line["request_id"] == "the-request"), "{log}");
        assert!(lines.iter().any(|line| line["level"] == "ERROR"), "{log}");
        assert!(lines.iter().any(|line| line["status"] == 500), "{log}");
    }
}
