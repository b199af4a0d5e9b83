//! Keeping the memory of the supervisor to itself.

/// Forbids other processes of the same user, the task among them, to read the memory and the environment of this process
/// through `/proc`. As Airflow does it; the price is that this process leaves no core dump.
pub(super) fn protect() {
    #[cfg(target_os = "linux")]
    {
        use std::sync::Once;

        use rustix::process::{DumpableBehavior, set_dumpable_behavior};

        static DONE: Once = Once::new();
        DONE.call_once(|| {
            if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
                tracing::warn!("tasks may be able to read the memory of their supervisor: {error}");
            }
        });
    }
}
