//! XComs, and for how many tasks one may be expanded.
//!
//! Source: `routes/xcoms.py`, `models/xcom.py` and `models/taskmap.py` of Airflow 3.3.2.
//!
//! Two rules differ from there on purpose. A slice is what Python's `list` gives for it: the server
//! of Airflow is wrong for many slices that go backwards. And an XCom of a task instance that does
//! not exist is refused as such, where that server breaks with status 500.

mod positions;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use read::{count, get, item, slice};
pub(crate) use write::{delete, set};

/// The map index of a task that is not mapped. Airflow takes every negative number for it.
const NOT_MAPPED: i64 = -1;

fn map_index(asked: Option<i64>) -> i64 {
    asked.filter(|index| *index >= 0).unwrap_or(NOT_MAPPED)
}
