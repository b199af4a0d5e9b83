//! What is counted, in the text format of Prometheus.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Counts of requests. Clones count together.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    requests: Family<Request, Counter>,
    seconds: Family<Route, Histogram>,
    in_flight: Gauge,
    turned_away: Counter,
    delegated: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    route: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: &'static str,
}

/// Seconds: from a read of one row to a client's patience.
const BUCKETS: [f64; 11] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0,
];

impl Metrics {
    /// Nothing counted yet.
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("aileron");
        let requests = Family::default();
        let seconds =
            Family::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> Histogram);
        let in_flight = Gauge::default();
        let turned_away = Counter::default();
        let delegated = Counter::default();
        registry.register("requests", "Requests that were answered", requests.clone());
        registry.register_with_unit(
            "request_duration",
            "How long requests took",
            Unit::Seconds,
            seconds.clone(),
        );
        registry.register(
            "requests_in_flight",
            "Requests that are being served",
            in_flight.clone(),
        );
        registry.register(
            "requests_turned_away",
            "Requests that were answered with 503 because there were too many",
            turned_away.clone(),
        );
        registry.register(
            "requests_delegated",
            "Requests that the upstream server answered",
            delegated.clone(),
        );
        Self(Arc::new(Inner {
            registry,
            requests,
            seconds,
            in_flight,
            turned_away,
            delegated,
        }))
    }

    /// The text that Prometheus reads.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.0.registry);
        text
    }

    pub(crate) fn answered(&self, route: &'static str, status: u16, took: Duration) {
        self.0
            .requests
            .get_or_create(&Request { route, status })
            .inc();
        let seconds = self.0.seconds.get_or_create(&Route { route });
        seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn turned_away(&self) {
        self.0.turned_away.inc();
    }

    pub(crate) fn delegated(&self) {
        self.0.delegated.inc();
    }

    /// Counts a request as being served until the guard goes.
    pub(crate) fn in_flight(&self) -> InFlight {
        self.0.in_flight.inc();
        InFlight(self.clone())
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// A request that is being served.
pub(crate) struct InFlight(Metrics);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.0.in_flight.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_answered_can_be_read() {
        let metrics = Metrics::new();
        let guard = metrics.in_flight();
        metrics.answered("GetXCom", 200, Duration::from_millis(2));
        let text = metrics.text();
        assert!(
            text.contains(r#"aileron_requests_total{route="GetXCom",status="200"} 1"#),
            "{text}"
        );
        assert!(text.contains("aileron_requests_in_flight 1"), "{text}");
        assert!(
            text.contains(
                r#"aileron_request_duration_seconds_bucket{le="0.0025",route="GetXCom"} 1"#
            ),
            "{text}"
        );
        drop(guard);
        assert!(metrics.text().contains("aileron_requests_in_flight 0"));
    }
}
