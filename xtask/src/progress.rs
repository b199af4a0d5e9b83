//! Lines that say what goes on, on standard error.

use std::sync::OnceLock;
use std::time::Instant;

static START: OnceLock<Instant> = OnceLock::new();

/// Writes a line with the seconds since the first one before it.
pub(crate) fn say(text: impl AsRef<str>) {
    let start = START.get_or_init(Instant::now);
    eprintln!(
        "[{:>4.0}s] {}",
        start.elapsed().as_secs_f64(),
        text.as_ref()
    );
}
