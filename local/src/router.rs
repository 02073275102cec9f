//! Which path leads to which endpoint.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use functions::endpoint::Endpoint;
use functions::http::error::error_response;
use functions::http::response::Response;
use functions::middleware::trace::trace_headers;
use functions::middleware::{respond, set_common_headers};
use functions::route::Route;
use functions::state::AppState;
use http::header::CONNECTION;
use http::{HeaderValue, Method, Request, StatusCode};
use hyper::body::Incoming;
use shared::error::Error;
use tokio::task::yield_now;
use uuid::Uuid;

use crate::health::{self, Readiness};
use crate::metrics::Metrics;
use crate::request::{self, RequestBody, path_parameters};
use crate::server::exchange::Exchange;
use crate::{client, cors, desk, host, openapi, playground};

/// The path that asks whether the process lives.
const LIVE_PATH: &str = "/healthz";

/// All routes, open to pages of every origin, the playground, the desk, the client, the API's
/// description and the probes.
pub struct Router {
    state: AppState,
    readiness: Readiness,
    read_timeout: Duration,
    metrics: Option<Arc<Metrics>>,
    paths: matchit::Router<Path>,
}

/// A path with its template, and what it leads to, one for each method.
struct Path {
    template: &'static str,
    targets: Vec<Target>,
}

/// Where a path leads.
#[derive(Clone, Copy)]
enum Target {
    Endpoint(Endpoint),
    Page(fn() -> Response),
    Probe(Probe),
}

/// What an orchestrator asks every few seconds.
#[derive(Clone, Copy)]
enum Probe {
    Live,
    Ready,
}

impl Target {
    fn route(self) -> Option<Route> {
        match self {
            Self::Endpoint(endpoint) => Some(endpoint.route),
            Self::Page(_) | Self::Probe(_) => None,
        }
    }

    fn method(self) -> Method {
        self.route().map_or(Method::GET, Route::method)
    }
}

impl Router {
    /// Responds from `state`; a request's body must arrive within `read_timeout`.
    pub fn new(state: AppState, read_timeout: Duration, metrics: Option<Arc<Metrics>>) -> Self {
        let pages = [
            ("/openapi.json", openapi::document as fn() -> Response),
            ("/parley.js", client::module),
        ];
        let pages = pages.into_iter().chain(playground::FILES).chain(desk::FILES);
        let pages = pages.map(|(path, page)| (path, Target::Page(page)));
        let probes = [(LIVE_PATH, Probe::Live), ("/readyz", Probe::Ready)];
        let probes = probes.map(|(path, probe)| (path, Target::Probe(probe)));
        let is_served = |route: &Route| *route != Route::ListConversations || state.queue.is_some();
        let routes = Route::ALL.into_iter().filter(is_served);
        let routes = routes.map(|route| (route.path(), Target::Endpoint(Endpoint::of(route))));
        let mut by_path: BTreeMap<&'static str, Vec<Target>> = BTreeMap::new();
        for (path, target) in pages.chain(probes).chain(routes) {
            by_path.entry(path).or_default().push(target);
        }
        let mut paths = matchit::Router::new();
        for (template, targets) in by_path {
            // These paths are well-formed and differ from each other, which is all it asks for.
            let _ = paths.insert(template, Path { template, targets });
        }
        let readiness = Readiness::new(state.store.clone());
        Self { state, readiness, read_timeout, metrics, paths }
    }

    /// Responds to a request, whatever it is.
    pub async fn respond(&self, request: Request<Incoming>, exchange: &Exchange) -> Response {
        let Some(metrics) = &self.metrics else { return self.handle(request, exchange).await };
        let matched = self.paths.at(request.uri().path());
        let template = matched.ok().map(|matched| matched.value.template);
        let measured = metrics.request(template, &request);
        measured.answered(self.handle(request, exchange).await)
    }

    async fn handle(&self, request: Request<Incoming>, exchange: &Exchange) -> Response {
        let (parts, body) = request.into_parts();
        let mut body = RequestBody::new(body);
        let id = Uuid::new_v4().to_string();
        let matched = self.paths.at(parts.uri.path());
        let matched = matched.map(|it| (&it.value.targets[..], path_parameters(&it.params)));
        let targets = matched.as_ref().map_or(&[][..], |(targets, _)| targets);
        let mut targets = targets.iter().copied();
        let target = targets.find(|target| allows(&target.method(), &parts.method));
        let route = target.and_then(Target::route);
        let trace = trace_headers(&parts.headers);
        let handling = async {
            host::check(parts.version, &parts.headers)?;
            if parts.method == Method::OPTIONS {
                return Ok(cors::preflight(&parts.headers));
            }
            let (targets, path) = matched.map_err(|_| Error::RouteNotFound)?;
            match target {
                None => Err(method_not_allowed(targets)),
                Some(Target::Page(page)) => Ok(page()),
                Some(Target::Probe(Probe::Live)) => Ok(health::live()),
                // Boxed: every other request would otherwise keep room for it.
                Some(Target::Probe(Probe::Ready)) => Ok(Box::pin(self.readiness.response()).await),
                Some(Target::Endpoint(endpoint)) => {
                    let body = body.read(self.read_timeout).await?;
                    exchange.note_read();
                    endpoint.handle(&self.state, &request::request(&id, path, parts, body)).await
                }
            }
        };
        let response = match target {
            // Not logged: probes come every few seconds, whether anybody uses the router or not.
            Some(Target::Probe(_)) => {
                let mut response = handling.await.unwrap_or_else(|error| error_response(&error));
                set_common_headers(response.headers_mut(), &id);
                response
            }
            _ => respond(&id, route, &trace, handling).await,
        };
        finish(response, body).await
    }

    /// Tells a client that its connection is one too many; or an orchestrator that the process lives:
    /// a restart would end all the other connections.
    pub async fn refuse(request: Request<Incoming>) -> Response {
        let is_live_probe =
            request.uri().path() == LIVE_PATH && allows(&Method::GET, request.method());
        let id = Uuid::new_v4().to_string();
        let mut response = if is_live_probe {
            let mut response = health::live();
            set_common_headers(response.headers_mut(), &id);
            response
        } else {
            let refusal = ready(Err(Error::TooManyConnections));
            respond(&id, None, &trace_headers(request.headers()), refusal).await
        };
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        finish(response, RequestBody::new(request.into_body())).await
    }
}

/// Completes a response, to a request whose body may still be on its way.
async fn finish(mut response: Response, body: RequestBody) -> Response {
    cors::allow_every_origin(response.headers_mut());
    if body.is_unread() {
        if response.status() == StatusCode::PAYLOAD_TOO_LARGE {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        // hyper looks after the body before it writes the response: if the rest has come already, the
        // connection goes on; if not, hyper says in the response that it does not.
        drop(body);
        yield_now().await;
    }
    response
}

/// HEAD is allowed where GET is (RFC 9110, section 9.3.2); hyper leaves out the body.
fn allows(allowed: &Method, method: &Method) -> bool {
    method == allowed || (method == Method::HEAD && allowed == Method::GET)
}

fn method_not_allowed(targets: &[Target]) -> Error {
    let methods = targets.iter().map(|target| match target.method() {
        Method::GET => "GET,HEAD".to_owned(),
        method => method.to_string(),
    });
    Error::MethodNotAllowed(methods.collect::<Vec<_>>().join(","))
}
