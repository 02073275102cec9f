//! What the store counts by itself.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use shared::store::{Store, StoreStatistics};

/// Asks the store at each scrape.
#[derive(Debug)]
pub struct StoreCollector(pub Store);

impl Collector for StoreCollector {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let StoreStatistics { failures, command_connections, subscription_connections } =
            self.0.statistics();
        let help = "Operations that found no working store, after all their attempts";
        let counter = MetricType::Counter;
        let metric = encoder.encode_descriptor("store_failures", help, None, counter)?;
        ConstCounter::new(failures).encode(metric)?;
        let help = "Connections to the store that were opened, reconnects among them";
        let name = "store_connections_opened";
        let mut metric = encoder.encode_descriptor(name, help, None, counter)?;
        for (purpose, opened) in
            [("commands", command_connections), ("subscriptions", subscription_connections)]
        {
            let labels = [("purpose", purpose)];
            ConstCounter::new(opened).encode(metric.encode_family(&labels)?)?;
        }
        Ok(())
    }
}
