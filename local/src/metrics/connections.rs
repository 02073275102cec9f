//! What is counted of the connections whether there are metrics or not, because they are bounded.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::server::connections::Connections;

/// Asks the connections at each scrape.
#[derive(Debug)]
pub struct ConnectionsCollector(pub Arc<Connections>);

impl Collector for ConnectionsCollector {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let help = "Connections of clients that are open";
        let open = MetricType::Gauge;
        let metric = encoder.encode_descriptor("connections_open", help, None, open)?;
        ConstGauge::new(self.0.open() as i64).encode(metric)?;
        let help = "Connections of clients that were refused because too many were open";
        let refused = MetricType::Counter;
        let metric = encoder.encode_descriptor("connections_refused", help, None, refused)?;
        ConstCounter::new(self.0.refused()).encode(metric)
    }
}
