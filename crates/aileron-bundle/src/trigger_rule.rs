//! Trigger rules: one list for the SDK that declares them and for those who decide by them.

use std::fmt;

macro_rules! trigger_rules {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// Which outcomes of the upstream tasks let a task run: Airflow's trigger rules (3.3.2, `TriggerRule`).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
        pub enum TriggerRule {
            $($(#[$doc])* $variant,)+
        }

        impl TriggerRule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The rule under the name Airflow gives it, `all_success` for instance.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The rule of that name, or `None`.
            pub const fn from_name(name: &str) -> Option<Self> {
                $(if same(name, $name) { return Some(Self::$variant); })+
                None
            }
        }
    };
}

trigger_rules! {
    /// All upstream tasks succeeded. The default.
    #[default]
    AllSuccess = "all_success",
    /// All upstream tasks failed or could not run.
    AllFailed = "all_failed",
    /// All upstream tasks are finished, however.
    AllDone = "all_done",
    /// All upstream tasks are finished, none was skipped, and at least one succeeded.
    AllDoneMinOneSuccess = "all_done_min_one_success",
    /// At least one upstream task succeeded or failed.
    OneDone = "one_done",
    /// At least one upstream task succeeded.
    OneSuccess = "one_success",
    /// At least one upstream task failed.
    OneFailed = "one_failed",
    /// No upstream task failed: each succeeded or was skipped.
    NoneFailed = "none_failed",
    /// No upstream task failed and at least one succeeded.
    NoneFailedMinOneSuccess = "none_failed_min_one_success",
    /// No upstream task was skipped.
    NoneSkipped = "none_skipped",
    /// All upstream tasks were skipped.
    AllSkipped = "all_skipped",
    /// Runs whatever the upstream tasks do.
    Always = "always",
}

impl fmt::Display for TriggerRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// String equality that also works where a `const` is computed.
const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_rule_is_found_by_the_name_airflow_gives_it() {
        assert_eq!(
            TriggerRule::from_name("none_failed_min_one_success"),
            Some(TriggerRule::NoneFailedMinOneSuccess)
        );
        assert_eq!(TriggerRule::from_name("all_succes"), None);
        assert_eq!(TriggerRule::default().to_string(), "all_success");
    }
}
