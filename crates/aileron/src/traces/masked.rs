//! Spans without secrets.

use std::time::Duration;

use opentelemetry::trace::Status;
use opentelemetry::{Array, KeyValue, StringValue, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use serde_json::Map;

use crate::logs::{self, Level};
use crate::secrets;

/// Masks spans before they are exported, and tells in the log what could not be exported.
#[derive(Debug)]
pub(super) struct Masked<E>(pub(super) E);

impl<E: SpanExporter> SpanExporter for Masked<E> {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        batch.iter_mut().for_each(mask);
        let count = batch.len();
        let result = self.0.export(batch).await;
        if let Err(error) = &result {
            tell(format!("{count} spans were not exported: {error}"));
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

/// A warning about the export. Not through `tracing`: it would be about the export of itself.
pub(super) fn tell(event: impl Into<String>) {
    logs::emit(Level::Warning, "aileron.traces", event, Map::new());
}

fn mask(span: &mut SpanData) {
    span.name = text(&span.name).into();
    span.attributes.iter_mut().for_each(mask_value);
    for event in &mut span.events.events {
        event.name = text(&event.name).into();
        event.attributes.iter_mut().for_each(mask_value);
    }
    if let Status::Error { description } = &span.status {
        span.status = Status::error(text(description));
    }
}

fn mask_value(pair: &mut KeyValue) {
    match &mut pair.value {
        Value::String(value) => *value = text(value.as_str()).into(),
        Value::Array(Array::String(values)) => {
            for value in values {
                *value = StringValue::from(text(value.as_str()));
            }
        }
        _ => {}
    }
}

fn text(text: &str) -> String {
    secrets::mask(text).into_owned()
}
