//! Values through the configured backend and back, in Python and in Rust.
//!
//! The probe makes each value in Python, stores it as a task would, and says what the JSON of it is. [`exchange`] reads what Python
//! stored, and stores the same value as a task in Rust would. The probe reads that, and compares.

mod exchange;

use serde::Deserialize;
use serde_json::Value;

pub use exchange::{Exchanged, exchange};

/// The probe: a function `probe(request, database)` in Python.
///
/// | `action` of the request | also in it | yields |
/// |---|---|---|
/// | `push` | `large`: the bytes of the largest value, `run_id` | [`Configured`], then a [`Pushed`] for each value |
/// | `read` | `large`, `stored`: what to read, by the names of values | a [`ReadBack`] for each |
/// | `purge` | `stored`: a list | one value |
pub const PROBE: &str = include_str!("probe.py");

/// The Dag that the objects are of.
pub const DAG_ID: &str = "aileron_roundtrip";

/// What is configured where the probe ran.
#[derive(Debug, Clone, Deserialize)]
pub struct Configured {
    /// The class that XComs go through.
    pub backend: String,
    /// `[common.io] xcom_objectstorage_path`.
    pub base: Option<String>,
    /// `[common.io] xcom_objectstorage_threshold`.
    pub threshold: i64,
    /// `[common.io] xcom_objectstorage_compression`.
    pub compression: Option<String>,
}

/// A value that Python stored.
#[derive(Debug, Clone, Deserialize)]
pub struct Pushed {
    /// Its name.
    pub case: String,
    /// What the database would hold: the value, or a reference.
    #[serde(default)]
    pub stored: Value,
    /// The SHA-256 of its JSON text.
    pub sha256: Option<String>,
    /// The length of its JSON text in bytes.
    pub length: Option<u64>,
    /// Where it is not the same after Python has read it back.
    pub difference: Option<String>,
    /// Why it was not stored.
    pub problem: Option<String>,
}

/// A value that Python read.
#[derive(Debug, Clone, Deserialize)]
pub struct ReadBack {
    /// Its name.
    pub case: String,
    /// Where it is not the same.
    pub difference: Option<String>,
    /// Why it could not be read.
    pub problem: Option<String>,
}

/// What became of a value on one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is the same.
    Identical,
    /// It is not, and nobody can help that: what, and for whom.
    Known(&'static str),
    /// It is not.
    Differs(String),
}

/// The value that Airflow's own encoder changes.
const TUPLE_WITHIN: &str = "tuple within a value, offloaded";

/// The value that no number of Rust's JSON holds.
const BEYOND_64_BITS: &str = "beyond 64 bits";

const TUPLE_BECOMES_LIST: &str = "Airflow writes a tuple within another value as a list when it offloads it, and keeps it a tuple \
     inline: a task that needs the tuple gets a list";

const NO_SUCH_NUMBER: &str = "an integer of more than 64 bits: the bytes are the same, and a task in Rust that reads it as a number \
     gets an error";

impl Fate {
    /// What Python says of a value that it read back.
    #[must_use]
    pub fn of_python(case: &str, difference: Option<&str>, problem: Option<&str>) -> Self {
        match (problem, difference) {
            (Some(problem), _) => Self::Differs(problem.to_owned()),
            (None, None) => Self::Identical,
            (None, Some(_)) if case == TUPLE_WITHIN => Self::Known(TUPLE_BECOMES_LIST),
            (None, Some(difference)) => Self::Differs(difference.to_owned()),
        }
    }

    /// Whether it counts against the backend.
    #[must_use]
    pub fn is_well(&self) -> bool {
        !matches!(self, Self::Differs(_))
    }
}
