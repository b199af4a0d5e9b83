//! A value as it lies in the database.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

/// A value as it lies in the database. Airflow 3 has JSON there; Airflow 2 has bytes, which are the text of JSON or pickled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// No value: SQL's null, which JSON's `null` is not.
    Nothing,
    /// Text. That of JSON, unless an XCom backend of somebody's own wrote it.
    Text(String),
    /// Bytes that are no text: pickled, mostly.
    Bytes(Vec<u8>),
}

/// What an object storage has for a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// The text of JSON.
    Text(String),
    /// Why it could not be fetched.
    Problem(String),
}

/// A value on its way from a probe.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sent {
    Text(String),
    Bytes(String),
    Problem(String),
}

impl Stored {
    /// Bytes of a database: text when they are text.
    pub(crate) fn bytes(bytes: Vec<u8>) -> Self {
        String::from_utf8(bytes).map_or_else(|error| Self::Bytes(error.into_bytes()), Self::Text)
    }

    pub(crate) fn sent(sent: Option<Sent>) -> Result<Self, String> {
        match sent {
            None => Ok(Self::Nothing),
            Some(Sent::Text(text)) => Ok(Self::Text(text)),
            Some(Sent::Bytes(text)) => STANDARD
                .decode(text)
                .map(Self::Bytes)
                .map_err(|error| format!("its bytes are no base64: {error}")),
            Some(Sent::Problem(problem)) => Err(problem),
        }
    }
}

impl Resolved {
    pub(crate) fn sent(sent: Sent) -> Self {
        match sent {
            Sent::Text(text) => Self::Text(text),
            Sent::Problem(problem) => Self::Problem(problem),
            Sent::Bytes(_) => Self::Problem("the object is no text".to_owned()),
        }
    }
}
