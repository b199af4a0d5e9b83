//! The way back to values in the database.
//!
//! A bare revert of `[core] xcom_backend` is a fault as soon as something was offloaded: the reference stays in the database, and
//! a task that pulls it gets the path. So the values come back first. With `[common.io] xcom_objectstorage_threshold = -1`
//! nothing more is offloaded, while references are still resolved; then [`restore`] puts every value in the place of its
//! reference, and nobody ever sees a path. What cannot be brought back has to be made anew, by its task: [`Plan`] says in which
//! order runs are started again.

mod again;
mod order;
mod plan;
mod restore;
mod verdict;

pub use again::{ClearError, Clearing};
pub use plan::{Plan, RunInFlight};
pub use restore::{Mode, Outcome, RestoreError, RestoreOptions, Why, restore};
pub use verdict::Refusal;
