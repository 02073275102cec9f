//! Which path leads to which handler.

use std::time::Duration;

use functions::dispatch::{REQUEST_ID, dispatch, finish};
use functions::function::Function;
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
    endpoints: matchit::Router<Endpoint>,
}

/// What answers on a path.
#[derive(Clone, Copy)]
enum Endpoint {
    Function(Function),
    Page(fn() -> Answer),
}

impl Endpoint {
    fn method(self) -> Method {
        match self {
            Self::Function(function) => function.route.method(),
            Self::Page(_) => Method::GET,
        }
    }
}

impl Router {
    /// Answers from `service`; a request's body must come within `read_timeout`.
    pub fn new(service: Service, read_timeout: Duration) -> Self {
        let pages = [("/", playground::page as fn() -> Answer), ("/openapi.json", openapi::answer)];
        let pages = pages.map(|(path, page)| (path, Endpoint::Page(page)));
        let routes =
            Route::ALL.map(|route| (route.path(), Endpoint::Function(Function::of(route))));
        let mut endpoints = matchit::Router::new();
        for (path, endpoint) in pages.into_iter().chain(routes) {
            // These paths are well-formed and differ from each other, which is all it asks for.
            let _ = endpoints.insert(path, endpoint);
        }
        Self { service, read_timeout, endpoints }
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
        let found = self.endpoints.at(request.uri().path()).map_err(|_| Error::RouteNotFound)?;
        let method = found.value.method();
        if !answers(&method, request.method()) {
            return Ok(not_allowed(&method));
        }
        match *found.value {
            Endpoint::Page(page) => Ok(page()),
            Endpoint::Function(function) => {
                let parameters = path_parameters(&found.params);
                let event = event(request, parameters, self.read_timeout).await?;
                Ok(dispatch(function, &self.service, event).await)
            }
        }
    }
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
