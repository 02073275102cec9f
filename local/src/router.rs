//! Which path leads to which handler.
//!
//! Four paths need no routing crate: a path is compared, segment by segment, with the templates
//! that [`Route`] has for API Gateway.

use std::time::Duration;

use functions::dispatch::{REQUEST_ID, dispatch, finish};
use functions::route::Route;
use functions::service::Service;
use http::header::ALLOW;
use http::{HeaderValue, Method, Request};
use hyper::body::Incoming;
use shared::answer::{self, Answer};
use shared::error::Error;
use uuid::Uuid;

use crate::event::{event, path_parameters};
use crate::{cors, openapi, playground};

/// The four routes, open to pages of every origin, the playground and the API's description.
pub struct Router {
    service: Service,
    read_timeout: Duration,
    templates: [(Route, Vec<&'static str>); 4],
}

impl Router {
    /// Answers from `service`; a request's body must come within `read_timeout`.
    pub fn new(service: Service, read_timeout: Duration) -> Self {
        let templates = Route::ALL.map(|route| (route, route.path().split('/').collect()));
        Self { service, read_timeout, templates }
    }

    /// Answers a request: every end is an answer.
    pub async fn answer(&self, request: Request<Incoming>) -> Answer {
        let mut answer = if request.method() == Method::OPTIONS {
            cors::preflight(request.headers())
        } else {
            self.routed(request).await.unwrap_or_else(|error| answer::error(&error))
        };
        let headers = answer.headers_mut();
        cors::open(headers);
        // What no handler answered carries what every answer carries as well.
        if !headers.contains_key(REQUEST_ID) {
            finish(headers, &Uuid::new_v4().to_string());
        }
        answer
    }

    async fn routed(&self, request: Request<Incoming>) -> Result<Answer, Error> {
        let segments: Vec<_> = request.uri().path().split('/').collect();
        let Some((route, template)) =
            self.templates.iter().find(|(_, template)| matches(template, &segments))
        else {
            return page(&segments, request.method());
        };
        let method = route.method();
        if !answers(&method, request.method()) {
            return Ok(not_allowed(&method));
        }
        let parameters = path_parameters(template, &segments);
        let event = event(request, parameters, self.read_timeout).await?;
        Ok(dispatch(*route, &self.service, event).await)
    }
}

/// What is answered off the four routes.
fn page(segments: &[&str], asked: &Method) -> Result<Answer, Error> {
    let page = match segments {
        ["", ""] => playground::page,
        ["", "openapi.json"] => openapi::answer,
        _ => return Err(Error::RouteNotFound),
    };
    Ok(if answers(&Method::GET, asked) { page() } else { not_allowed(&Method::GET) })
}

fn matches(template: &[&str], segments: &[&str]) -> bool {
    let fits = |(wanted, given): (&&str, &&str)| {
        wanted == given || (wanted.starts_with('{') && !given.is_empty())
    };
    template.len() == segments.len() && template.iter().zip(segments).all(fits)
}

/// Where GET is answered HEAD is too (RFC 9110, section 9.3.2); hyper leaves out the body.
fn answers(method: &Method, asked: &Method) -> bool {
    asked == method || (asked == Method::HEAD && method == Method::GET)
}

fn not_allowed(method: &Method) -> Answer {
    let allowed = match *method {
        Method::GET => HeaderValue::from_static("GET,HEAD"),
        Method::POST => HeaderValue::from_static("POST"),
        _ => HeaderValue::from_static("DELETE"),
    };
    let mut answer = answer::error(&Error::MethodNotAllowed);
    answer.headers_mut().insert(ALLOW, allowed);
    answer
}
