//! AIL002.

use crate::checker::Checker;
use crate::rule::rule;

rule! {
    /// A file that cannot be looked at: it cannot be read, is not UTF-8, or is too large or nested too deeply.
    ///
    /// ## Why it breaks
    ///
    /// Nothing in the file was checked. Airflow reads Dag files as UTF-8 and may fail on it too.
    AIL002, "unreadable-file", Error
}

/// Found by who reads the file.
fn check(_: &mut Checker<'_>) {}
