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
mod tries;
mod write;

use crate::schema::Schema;

pub(crate) use read::{count, get, item, slice};
pub(crate) use tries::keys_of_try;
pub(crate) use write::{delete, set};

/// The map index of a task that is not mapped. Airflow took every negative number for it until 3.4.
const NOT_MAPPED: i64 = -1;

fn map_index(schema: Schema, asked: Option<i64>) -> i64 {
    asked
        .filter(|index| *index >= 0 || schema.keeps_tries())
        .unwrap_or(NOT_MAPPED)
}
