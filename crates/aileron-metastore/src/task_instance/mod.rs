//! Task instances.

mod arguments;
pub(crate) mod attempt;
mod fail_fast;
pub(crate) mod heartbeat;
pub(crate) mod history;
pub(crate) mod log;
pub(crate) mod query;
pub(crate) mod rendered;
pub(crate) mod skip;
pub(crate) mod start;
pub(crate) mod subject;
pub(crate) mod update;
mod wait;
