//! AIL301.

use crate::checker::Checker;
use crate::rule::rule;

rule! {
    /// A name that the state stores had before they were released.
    ///
    /// ## Why it breaks
    ///
    /// To be written.
    AIL301, "early-store-name", Error
}

fn check(_: &mut Checker<'_>) {}
