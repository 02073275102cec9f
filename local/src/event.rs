//! An HTTP request as Lambda would hand it to a handler.
//!
//! The handlers see one type of request, wherever they run: what is tried here is what runs there.

use std::collections::HashMap;

use axum::body::to_bytes;
use axum::extract::{FromRequestParts, RawPathParams, Request};
use http_body_util::LengthLimitError;
use lambda_http::{Body, Context, RequestExt};
use shared::error::Error;
use shared::message::MAX_BODY_BYTES;
use uuid::Uuid;

/// Reads the body and adds what API Gateway and Lambda would: decoded path parameters, and an id.
pub async fn event(request: Request) -> Result<lambda_http::Request, Error> {
    let (mut parts, body) = request.into_parts();
    // Parameters that do not decode to UTF-8 are left out; the handler then refuses the id.
    let parameters = RawPathParams::from_request_parts(&mut parts, &()).await;
    let parameters: HashMap<String, String> = parameters
        .iter()
        .flatten()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let body = to_bytes(body, MAX_BODY_BYTES).await.map_err(unreadable)?;
    let mut context = Context::default();
    context.request_id = Uuid::new_v4().to_string();

    let event = http::Request::from_parts(parts, Body::Binary(body.into()));
    Ok(event
        .with_path_parameters(parameters)
        .with_lambda_context(context))
}

fn unreadable(error: axum::Error) -> Error {
    let error = error.into_inner();
    if error.is::<LengthLimitError>() {
        Error::BodyTooLarge
    } else {
        Error::InvalidJson(format!("it could not be read ({error})"))
    }
}
