//! Chance that can be repeated.

use std::time::Duration;

/// Chance for one test. `AILERON_CHAOS_SEED` repeats what an earlier run of the test did, as far as the machine lets it.
pub(crate) fn chance(test: &str) -> fastrand::Rng {
    let seed = std::env::var("AILERON_CHAOS_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| fastrand::u64(..));
    eprintln!("{test}: AILERON_CHAOS_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}

/// For how long a test makes trouble: `AILERON_CHAOS_SECONDS`, or what it takes by itself.
pub(crate) fn budget(seconds: u64) -> Duration {
    let asked = std::env::var("AILERON_CHAOS_SECONDS")
        .ok()
        .and_then(|asked| asked.parse().ok());
    Duration::from_secs(asked.unwrap_or(seconds))
}

/// Some milliseconds.
pub(crate) fn milliseconds(chance: &mut fastrand::Rng, range: std::ops::Range<u64>) -> Duration {
    Duration::from_millis(chance.u64(range))
}
