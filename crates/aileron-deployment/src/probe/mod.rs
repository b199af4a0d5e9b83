//! The Python text that is sent.

mod line;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::Limits;

pub(crate) use line::{Line, Refusal};

/// What every probe runs in.
const FRAME: &str = include_str!("frame.py");

/// Python text that looks at a deployment from within: a function `probe(request, database)` that yields values of JSON.
///
/// It must run on Python 3.8, the oldest that Airflow 2.10 runs on. See the [crate's documentation](crate).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    text: &'static str,
}

impl Probe {
    /// A probe with this text.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        Self { text }
    }

    /// The text of the probe alone.
    #[must_use]
    pub fn text(&self) -> &'static str {
        self.text
    }

    /// The whole program: frame, probe, and the request in letters that mean nothing to Python or to a shell.
    pub(crate) fn program(&self, request: &Value, limits: &Limits) -> String {
        let request = json!({
            "request": request,
            "connection": limits.connection.name(),
            "statement_timeout_ms": u64::try_from(limits.statement.as_millis()).unwrap_or(u64::MAX),
        });
        let request = STANDARD.encode(request.to_string());
        format!("{FRAME}\n{}\nmain(probe, \"{request}\")\n", self.text)
    }
}
