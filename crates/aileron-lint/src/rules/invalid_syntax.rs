//! AIL001.

use crate::checker::Checker;
use crate::rule::rule;

rule! {
    /// Text that Python 3 cannot read.
    ///
    /// ## Why it breaks
    ///
    /// Airflow imports a Dag file to find its Dags. A file that does not parse has none, and shows up as an import error.
    ///
    /// ## Example
    ///
    /// ```python
    /// print "loaded"
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```python
    /// print("loaded")
    /// ```
    AIL001, "invalid-syntax", Error
}

/// Found by the parser, before any rule looks.
fn check(_: &mut Checker<'_>) {}
