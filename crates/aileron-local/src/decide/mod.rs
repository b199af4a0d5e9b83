//! What to do next, given the states of the task instances of a run.
//!
//! Decisions only: whoever calls carries them out, and says what came of it. The rules are those of Airflow's scheduler
//! (3.3.2, `DagRun.update_state` and `airflow/ti_deps`).

mod board;
mod instance;
mod standing;
mod trigger_rule;

pub use board::{Board, Step};
pub use instance::{Instance, is_finished, is_schedulable};
pub use standing::{FinishReason, Standing};
pub use trigger_rule::{Upstream, Verdict, judge};
