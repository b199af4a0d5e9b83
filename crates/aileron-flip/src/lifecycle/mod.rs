//! Offloaded XComs that expire by a rule of the bucket.

mod apply;
mod document;
mod rule;

pub use apply::{ApplyError, BucketRules, apply, rules};
pub use document::{Lifecycle, LifecycleError, Rule};
pub use rule::ExpiryRule;
