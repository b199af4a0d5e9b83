//! URIs as Airflow reads and writes them, and the two texts a connection can be given as.
//!
//! - [`percent`] does what Python's `urllib.parse` does: Airflow compares texts that it made that way.
//! - [`ConnectionFields`] is what a connection holds, to and from a URI, and from JSON. Those are the values of the
//!   `AIRFLOW_CONN_...` variables.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod connection;
pub mod percent;

pub use connection::{ConnectionFields, ConnectionTextError};
