//! Proofs before the flip, where tasks run: what Airflow itself says there, and whether the store can be used.
//!
//! A probe in Python yields [`Fact`]s; [`judge`] makes [`Check`]s of them. What is not known is not passed.

mod check;
mod configuration;
mod fact;
mod sizes;
mod store;
#[cfg(test)]
mod tests;

pub use check::{Check, Status};
pub use fact::{Fact, NearMiss, OptionFact, RuleFact};

/// The probe: a function `probe(request, database)` in Python that yields facts. The request has `timeout`, the seconds that the store
/// may take, and `sizes`, whether the sizes of XComs are read.
pub const PROBE: &str = include_str!("probe.py");

/// All checks, in the order in which they are shown. A source whose median is below `data_from` bytes is taken for control flow.
#[must_use]
pub fn judge(facts: &[Fact], data_from: u64) -> Vec<Check> {
    vec![
        configuration::airflow(facts),
        configuration::provider(facts),
        configuration::names(facts),
        configuration::backend(facts),
        configuration::path(facts),
        configuration::packages(facts),
        configuration::threshold(facts),
        configuration::compression(facts),
        configuration::pickling(facts),
        store::store(facts),
        store::lifecycle(facts),
        sizes::sizes(facts, data_from),
    ]
}
