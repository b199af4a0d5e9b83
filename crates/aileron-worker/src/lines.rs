//! What the worker itself has to say, as Airflow's JSON lines.

use std::fmt;
use std::io::Write as _;

use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// Writes every event as a line of JSON to standard output, in the layout of Airflow's logs: `timestamp`, `level`, `event`,
/// `logger`, and the fields.
///
/// In a pod standard output is what `kubectl logs` shows and what a log collector takes. The lines of the task go there too, from
/// another writer; each write is a whole line.
#[derive(Debug, Clone, Copy)]
pub struct JsonLines {
    least: Level,
}

impl JsonLines {
    /// Writes events of this level and above; a name of Airflow (`[logging] logging_level`) in any case. `INFO` when it is none.
    #[must_use]
    pub fn from_level(name: &str) -> Self {
        let least = match name.trim().to_ascii_uppercase().as_str() {
            "DEBUG" | "NOTSET" => Level::DEBUG,
            "WARNING" | "WARN" => Level::WARN,
            "ERROR" | "CRITICAL" | "FATAL" => Level::ERROR,
            _ => Level::INFO,
        };
        Self { least }
    }
}

impl<S: Subscriber> Layer<S> for JsonLines {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let metadata = event.metadata();
        // Of libraries only what goes wrong.
        let least = if metadata.target().starts_with("aileron") {
            self.least
        } else {
            self.least.min(Level::WARN)
        };
        if *metadata.level() > least {
            return;
        }
        let line = line(event, Timestamp::now());
        let mut stdout = std::io::stdout().lock();
        // Nobody is left to be told.
        let _ = stdout
            .write_all(line.as_bytes())
            .and_then(|()| stdout.flush());
    }
}

fn line(event: &Event<'_>, now: Timestamp) -> String {
    let metadata = event.metadata();
    let mut fields = Fields::default();
    event.record(&mut fields);
    let level = match *metadata.level() {
        Level::ERROR => "error",
        Level::WARN => "warning",
        Level::INFO => "info",
        Level::DEBUG | Level::TRACE => "debug",
    };
    let mut object = Map::new();
    object.insert("timestamp".to_owned(), format!("{now:.6}").into());
    object.insert("level".to_owned(), level.into());
    object.insert("event".to_owned(), fields.message.into());
    object.insert(
        "logger".to_owned(),
        metadata.target().replace("::", ".").into(),
    );
    for (key, value) in fields.others {
        object.entry(key).or_insert(value);
    }
    format!("{}\n", Value::Object(object))
}

#[derive(Default)]
struct Fields {
    message: String,
    others: Map<String, Value>,
}

impl Fields {
    fn add(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.message = text,
            (name, value) => {
                self.others.insert(name.to_owned(), value);
            }
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format!("{value:?}").into());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    /// Keeps the lines.
    struct Kept(Arc<Mutex<Vec<String>>>);

    impl<S: Subscriber> Layer<S> for Kept {
        fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
            self.0
                .lock()
                .unwrap()
                .push(line(event, Timestamp::UNIX_EPOCH));
        }
    }

    #[test]
    fn an_event_is_a_line_in_airflows_layout() {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let subscriber = tracing_subscriber::registry().with(Kept(lines.clone()));
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(target: "aileron_worker::x", attempt = 2, error = %"a\nb", level = "no", "something happened");
        });
        assert_eq!(
            lines.lock().unwrap()[0],
            "{\"timestamp\":\"1970-01-01T00:00:00.000000Z\",\"level\":\"warning\",\"event\":\"something happened\",\
             \"logger\":\"aileron_worker.x\",\"attempt\":2,\"error\":\"a\\nb\"}\n"
        );
    }
}
