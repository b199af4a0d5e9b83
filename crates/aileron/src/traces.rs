//! The trace of a task.
//!
//! Airflow gives each task instance a W3C trace context, its place in the trace of the Dag run. The body of a task runs in a
//! `tracing` span named `task` (target `aileron.task`) with the fields `dag_id`, `task_id`, `run_id`, `try_number` and
//! `map_index`. Its fields are not added to log lines: Airflow knows whose log it is. Every request to the supervisor carries
//! a trace context, so that the spans of the API server join the trace.
//!
//! # Export to OpenTelemetry
//!
//! With the cargo feature `otel` the spans of a task go to an OpenTelemetry collector: the task's span, as a child of the
//! span that Airflow names, and the spans of level info and above that task code opens inside it. The context of the innermost
//! span goes out with each request then. Without the feature, or where the environment does not ask for export, nothing of
//! this is set up, and the context that came goes out as it is.
//!
//! The environment decides, as the OpenTelemetry specification says:
//!
//! | Variable | What it does here |
//! |---|---|
//! | `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, `OTEL_EXPORTER_OTLP_ENDPOINT` | the collector; setting one turns the export on |
//! | `OTEL_TRACES_EXPORTER` | `otlp` turns the export on (to `http://localhost:4318` if no endpoint is set), `none` turns it off |
//! | `OTEL_SDK_DISABLED` | `true` turns it off |
//! | `OTEL_EXPORTER_OTLP_TRACES_PROTOCOL`, `OTEL_EXPORTER_OTLP_PROTOCOL` | only `http/protobuf` is there; with another one nothing is exported and a warning says so |
//! | `OTEL_EXPORTER_OTLP_TRACES_HEADERS`, `.._HEADERS`, `.._TRACES_TIMEOUT`, `.._TIMEOUT` | as specified |
//! | `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES` | the resource; the service is the bundle's file name otherwise |
//! | `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG`, `OTEL_BSP_*` | as specified; by default Airflow's decision holds: of a run that Airflow does not sample no span is exported |
//!
//! The task's span is named like Airflow's own for Python tasks, `worker.TASK_ID` with `[MAP_INDEX]` for a mapped one, and has
//! the same attributes (`airflow.dag_id` and so on). A task that fails gives it the status error with the reason. Secrets are
//! masked before a span leaves the process. Spans wait in a queue; at its end the process waits up to five seconds for the
//! collector. What could not be delivered is told in the task log and changes nothing for the task.

#[cfg(feature = "otel")]
mod client;
#[cfg(feature = "otel")]
mod export;
#[cfg(feature = "otel")]
mod masked;
#[cfg(feature = "otel")]
mod settings;

use std::collections::BTreeMap;

use aileron_wire::message::TaskInstance;
use tracing::Span;

use crate::Error;

/// The target of the task's span.
pub const TARGET: &str = "aileron.task";

/// The W3C trace context of a span: `traceparent` and, where there is one, `tracestate`.
pub(crate) type Carrier = BTreeMap<String, String>;

/// The span of a task, a child of the one that Airflow names.
pub(crate) fn span(ti: &TaskInstance) -> Span {
    let span = tracing::info_span!(
        target: TARGET,
        "task",
        dag_id = ti.dag_id,
        task_id = ti.task_id,
        run_id = ti.run_id,
        try_number = ti.try_number,
        map_index = ti.map_index,
    );
    #[cfg(feature = "otel")]
    export::place(&span, ti, incoming(ti).unwrap_or_default());
    span
}

/// The trace context that Airflow gave the task instance.
pub(crate) fn incoming(ti: &TaskInstance) -> Option<Carrier> {
    let carrier: Carrier = ti
        .context_carrier
        .iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect();
    (!carrier.is_empty()).then_some(carrier)
}

/// The trace context of the current span, if spans are exported.
pub(crate) fn current() -> Option<Carrier> {
    #[cfg(feature = "otel")]
    return export::current();
    #[cfg(not(feature = "otel"))]
    None
}

/// Notes in the current span that the task failed.
pub(crate) fn failed(error: &Error) {
    #[cfg(feature = "otel")]
    export::failed(error);
    #[cfg(not(feature = "otel"))]
    let _ = error;
}

/// Waits until the spans are exported, but not for long.
pub(crate) fn finish() {
    #[cfg(feature = "otel")]
    export::finish();
}

#[cfg(feature = "otel")]
pub(crate) use export::layer;
