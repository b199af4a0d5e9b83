//! The `tracing` layer that turns events into log lines.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::fields::{Collect, SpanFields};
use super::levels::{Levels, dotted};
use super::line::Line;
use super::pipe::LogPipe;

struct LineLayer {
    pipe: Arc<LogPipe>,
    levels: Arc<Levels>,
}

/// A layer that sends events to `pipe`, as far as `levels` shows them. The levels hold for this layer alone: other layers of
/// the same subscriber see what they like.
pub fn layer_to<S>(pipe: Arc<LogPipe>, levels: Levels) -> impl Layer<S> + Send + Sync + 'static
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let lines = LineLayer {
        pipe,
        levels: Arc::new(levels.clone()),
    };
    lines.with_filter(levels)
}

impl<S> Layer<S> for LineLayer
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    // Values are printed before the span is locked: printing can log, and that would read the span.

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        // Airflow knows whose log it is: on every line these fields would be noise.
        if attributes.metadata().target() == crate::traces::TARGET {
            return;
        }
        let mut fields = Map::new();
        attributes.record(&mut Collect(&mut fields));
        remember(id, fields, &context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut fields = Map::new();
        values.record(&mut Collect(&mut fields));
        remember(id, fields, &context);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Map::new();
        event.record(&mut Collect(&mut fields));
        let from_log = event.normalized_metadata();
        if from_log.is_some() {
            fields.retain(|name, _| !name.starts_with("log."));
        }
        let message = take_message(&mut fields);
        add_span_fields(event, &context, &mut fields);
        let metadata = from_log.as_ref().unwrap_or_else(|| event.metadata());
        let line = Line::new(
            metadata.level().into(),
            dotted(metadata.target()),
            message,
            fields,
        );
        if self.is_shown(&line) {
            self.pipe
                .push(line.at(file(event, from_log.as_ref()), metadata.line()));
        }
    }
}

impl LineLayer {
    /// The filter has judged the target; a `logger` field may have named another logger since.
    fn is_shown(&self, line: &Line) -> bool {
        self.levels.enabled(line.level, &line.logger)
    }
}

/// Adds to the fields of a span. A second layer of this kind in the same subscriber adds the same fields again.
fn remember<S>(id: &Id, fields: Map<String, Value>, context: &Context<'_, S>)
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let Some(span) = context.span(id) else { return };
    let mut extensions = span.extensions_mut();
    match extensions.get_mut::<SpanFields>() {
        Some(SpanFields(known)) => known.extend(fields),
        None => extensions.insert(SpanFields(fields)),
    }
}

/// The innermost span comes first, and what is already there stays.
fn add_span_fields<S>(event: &Event<'_>, context: &Context<'_, S>, fields: &mut Map<String, Value>)
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    for span in context.event_scope(event).into_iter().flatten() {
        if let Some(SpanFields(outer)) = span.extensions().get() {
            for (name, value) in outer {
                fields.entry(name).or_insert_with(|| value.clone());
            }
        }
    }
}

fn take_message(fields: &mut Map<String, Value>) -> String {
    match fields.shift_remove("message") {
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

fn file(event: &Event<'_>, from_log: Option<&Metadata<'_>>) -> Option<Cow<'static, str>> {
    match from_log {
        Some(metadata) => metadata.file().map(|file| Cow::Owned(file.to_owned())),
        None => event.metadata().file().map(Cow::Borrowed),
    }
}
