//! Export to an OpenTelemetry collector.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use aileron_wire::message::TaskInstance;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{Status, TraceContextExt, TracerProvider as _};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Level, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use super::Carrier;
use super::client::Client;
use super::masked::{Masked, tell};
use super::settings::{self, Export};
use crate::Error;

/// How long the process waits at its end for the collector.
const FINISH_LIMIT: Duration = Duration::from_secs(5);

/// Where the spans go; set when they go anywhere.
static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// The layer that turns spans into those of OpenTelemetry, if the environment asks for it. Events stay in the log.
pub(crate) fn layer<S>() -> Option<impl Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    let provider = match settings::read() {
        Export::Off => None,
        Export::Unsupported(reason) => {
            tell(format!("Spans are not exported: {reason}"));
            None
        }
        Export::On { timeout } => match provider(timeout) {
            Ok(provider) => Some(provider),
            Err(error) => {
                tell(format!("Spans are not exported: {error}"));
                None
            }
        },
    }?;
    let tracer = PROVIDER.get_or_init(|| provider).tracer("aileron");
    let layer = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_threads(false)
        .with_tracked_inactivity(false);
    Some(layer.with_filter(filter_fn(|metadata| {
        metadata.is_span() && *metadata.level() <= Level::INFO
    })))
}

fn provider(timeout: Duration) -> Result<SdkTracerProvider, ExporterBuildError> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Client::new(timeout))
        .build()?;
    Ok(SdkTracerProvider::builder()
        .with_resource(resource())
        .with_batch_exporter(Masked(exporter))
        .build())
}

/// What the environment says about the service, and the bundle's file name where it says nothing.
fn resource() -> Resource {
    let named = |name: &str, part: &str| std::env::var(name).is_ok_and(|v| v.contains(part));
    let builder = Resource::builder();
    if named("OTEL_SERVICE_NAME", "") || named("OTEL_RESOURCE_ATTRIBUTES", "service.name=") {
        return builder.build();
    }
    let executable = std::env::current_exe().ok();
    let name = executable
        .as_deref()
        .and_then(|path| path.file_name())
        .map_or_else(|| "aileron".into(), |name| name.to_string_lossy());
    builder.with_service_name(name.into_owned()).build()
}

/// Gives the task's span its parent, and the name and attributes that Airflow gives its own.
pub(super) fn place(span: &Span, ti: &TaskInstance, parent: Carrier) {
    if PROVIDER.get().is_none() {
        return;
    }
    let parent: HashMap<String, String> = parent.into_iter().collect();
    // It fails when a subscriber of the program's own does not export the span: then there is nothing to place.
    if span
        .set_parent(TraceContextPropagator::new().extract(&parent))
        .is_err()
    {
        return;
    }
    span.set_attribute("airflow.dag_id", ti.dag_id.clone());
    span.set_attribute("airflow.task_id", ti.task_id.clone());
    span.set_attribute("airflow.dag_run.run_id", ti.run_id.clone());
    span.set_attribute("airflow.task_instance.try_number", ti.try_number);
    span.set_attribute("airflow.task_instance.map_index", ti.map_index);
    let mut name = format!("worker.{}", ti.task_id);
    if ti.map_index >= 0 {
        name.push_str(&format!("[{}]", ti.map_index));
    }
    span.context().span().update_name(name);
}

pub(super) fn current() -> Option<Carrier> {
    PROVIDER.get()?;
    let context = Span::current().context();
    if !context.span().span_context().is_valid() {
        return None;
    }
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(&context, &mut carrier);
    carrier.retain(|_, value: &mut String| !value.is_empty());
    Some(carrier.into_iter().collect())
}

pub(super) fn failed(error: &Error) {
    if PROVIDER.get().is_some() {
        Span::current().set_status(Status::error(error.to_string()));
    }
}

pub(super) fn finish() {
    let Some(provider) = PROVIDER.get() else {
        return;
    };
    if let Err(error) = provider.shutdown_with_timeout(FINISH_LIMIT) {
        tell(format!("Some spans may not have been exported: {error}"));
    }
}
