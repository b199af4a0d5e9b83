//! Asset events: which there are, and making them when a task has succeeded.

mod announce;
mod outlet;
mod query;
mod register;
mod teams;

#[cfg(test)]
mod tests;

pub(crate) use query::query;
pub(crate) use register::{Producer, register};
