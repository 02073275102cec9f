//! What a monitoring system may know, in the format of Prometheus. Off unless `METRICS_PORT` is set,
//! and then a request costs what it did.
//!
//! - [`server`]: the listener that is scraped.
//! - [`stream`]: counts what an event stream sends.
//! - [`store`] and [`connections`]: what these count by themselves.
//!
//! Labels are few and known beforehand: no path, no id and no method that a client made up.

mod connections;
mod server;
mod store;
mod stream;

use std::sync::Arc;
use std::time::Instant;

use functions::http::body::Body;
use functions::http::response::Response;
use http::{Method, Request};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use shared::store::Store;

use crate::server::connections::Connections;
use connections::ConnectionsCollector;
pub use server::serve;
use store::StoreCollector;
use stream::CountedStream;

/// Seconds: a read in memory to a store that does not answer.
const REQUEST_BUCKETS: [f64; 13] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
/// Seconds: `wait` takes 25 at most.
const WAIT_BUCKETS: [f64; 7] = [0.1, 0.5, 1.0, 5.0, 10.0, 20.0, 30.0];
/// Seconds: a page that is left at once to one that is open for a day.
const STREAM_BUCKETS: [f64; 8] = [1.0, 10.0, 60.0, 300.0, 1800.0, 7200.0, 28800.0, 86400.0];

/// The metrics of this process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_durations: Family<RouteLabels, Histogram>,
    wait_durations: Histogram,
    streams: StreamMetrics,
}

#[derive(Clone, Debug)]
struct StreamMetrics {
    open: Gauge,
    durations: Histogram,
    events: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: &'static str,
    method: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: &'static str,
    method: &'static str,
}

/// A request that is not answered yet.
pub struct PendingRequest<'a> {
    metrics: &'a Metrics,
    labels: RouteLabels,
    waits: bool,
    started: Instant,
}

impl Metrics {
    /// Makes the metrics, with what the store and the connections count by themselves.
    pub fn new(store: Store, connections: Arc<Connections>) -> Arc<Self> {
        let mut registry = Registry::with_prefix("parley");
        let requests = Family::default();
        let help = "Requests that were answered";
        registry.register("http_requests", help, requests.clone());
        let new_histogram: fn() -> Histogram = || Histogram::new(REQUEST_BUCKETS);
        let request_durations = Family::new_with_constructor(new_histogram);
        let help =
            "Time until a response began, without requests that waited for something to happen";
        let name = "http_request_duration";
        registry.register_with_unit(name, help, Unit::Seconds, request_durations.clone());
        let wait_durations = Histogram::new(WAIT_BUCKETS);
        let help = "Time for which requests with \"wait\" were held";
        registry.register_with_unit("http_wait", help, Unit::Seconds, wait_durations.clone());

        let open = Gauge::default();
        registry.register("streams_open", "Event streams that are open", open.clone());
        let durations = Histogram::new(STREAM_BUCKETS);
        let help = "Time for which event streams that have ended were open";
        registry.register_with_unit("stream_duration", help, Unit::Seconds, durations.clone());
        let events = Counter::default();
        registry.register("events_delivered", "Events written to event streams", events.clone());

        registry.register_collector(Box::new(ConnectionsCollector(connections)));
        registry.register_collector(Box::new(StoreCollector(store)));
        let streams = StreamMetrics { open, durations, events };
        Arc::new(Self { registry, requests, request_durations, wait_durations, streams })
    }

    /// Begins to measure a request. `route` is the template of its path, if it has one.
    pub fn request<T>(
        &self,
        route: Option<&'static str>,
        request: &Request<T>,
    ) -> PendingRequest<'_> {
        let query = request.uri().query().unwrap_or_default();
        PendingRequest {
            metrics: self,
            labels: RouteLabels {
                route: route.unwrap_or("none"),
                method: method_name(request.method()),
            },
            waits: query.split('&').any(|parameter| parameter.starts_with("wait=")),
            started: Instant::now(),
        }
    }
}

impl PendingRequest<'_> {
    /// Measures a request that is answered now, and the stream that its body may be.
    pub fn answered(self, response: Response) -> Response {
        let Self { metrics, labels, waits, started } = self;
        let duration = started.elapsed();
        let RouteLabels { route, method } = labels;
        let status = response.status().as_u16();
        metrics.requests.get_or_create(&RequestLabels { route, method, status }).inc();
        let is_stream = matches!(response.body(), Body::Stream(_));
        match waits && !is_stream {
            true => metrics.wait_durations.observe(duration.as_secs_f64()),
            false => {
                let durations = metrics.request_durations.get_or_create(&labels);
                durations.observe(duration.as_secs_f64());
            }
        }
        response.map(|body| match body {
            Body::Whole(_) => body,
            Body::Stream(stream) => {
                Body::Stream(Box::pin(CountedStream::new(stream, metrics.streams.clone())))
            }
        })
    }
}

/// Names a method, if it is one that clients have reason to use.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
