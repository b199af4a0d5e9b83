//! What the supervisor itself has to say in the log of a task.

use std::sync::Arc;

use aileron_secrets::Masker;
use bytes::Bytes;
use serde_json::{Map, Value};
use tokio::sync::mpsc::UnboundedSender;

use super::level::Level;
use super::pump::now;
use super::text_line::{Source, write_event};

/// Writes lines of the supervisor into the log of a task.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    lines: UnboundedSender<Bytes>,
    masker: Arc<Masker>,
}

impl Journal {
    pub(super) fn new(lines: UnboundedSender<Bytes>, masker: Arc<Masker>) -> Self {
        Self { lines, masker }
    }

    /// A line without fields.
    pub(crate) fn say(&self, level: Level, event: &str) {
        self.tell(level, event, []);
    }

    /// A line with fields.
    pub(crate) fn tell<const N: usize>(
        &self,
        level: Level,
        event: &str,
        fields: [(&str, Value); N],
    ) {
        let source = Source {
            level,
            logger: "aileron.supervisor",
        };
        let fields: Map<String, Value> = fields
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        let mut out = Vec::new();
        write_event(&mut out, &now(), source, event, fields, &self.masker);
        // Without a writer nobody reads the log any more.
        let _ = self.lines.send(out.into());
    }
}
