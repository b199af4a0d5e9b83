//! Asset events: which there are, and making them when a task has succeeded.

#[allow(dead_code, reason = "the end of a task instance will call it")]
mod announce;
#[allow(dead_code, reason = "the end of a task instance will call it")]
mod outlet;
mod query;
#[allow(dead_code, reason = "the end of a task instance will call it")]
mod register;

#[cfg(test)]
mod tests;

pub(crate) use query::query;
#[allow(unused_imports, reason = "the end of a task instance will call it")]
pub(crate) use register::{Producer, register};
