//! The Airflow a Dag is for.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The Airflow a Dag is for. A pre-release counts as its release: 3.3.0b1 has what 3.3.0 has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AirflowVersion {
    major: u16,
    minor: u16,
    patch: u16,
}

/// The text is no version of Airflow.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not a version of Airflow; write it as 3.3 or 3.3.2")]
pub struct ParseVersionError(String);

impl AirflowVersion {
    /// The first with `task_state_store`, `asset_state_store` and `ResumableJobMixin` (AIP-103).
    pub const STATE_STORES: Self = Self::new(3, 3, 0);
    /// The first with `airflow.sdk`.
    pub const SDK: Self = Self::new(3, 0, 0);

    /// `major.minor.patch`.
    #[must_use]
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }

    /// Whether it has the state stores and the resumable job of AIP-103.
    #[must_use]
    pub fn has_state_stores(self) -> bool {
        self >= Self::STATE_STORES
    }
}

impl fmt::Display for AirflowVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl FromStr for AirflowVersion {
    type Err = ParseVersionError;

    /// `3`, `3.3`, `3.3.2`, `3.4.0b2`, `3.3.0.post1`; what follows the third number is not looked at.
    fn from_str(text: &str) -> Result<Self, ParseVersionError> {
        let wrong = || ParseVersionError(text.to_owned());
        let mut numbers = [0u16; 3];
        let mut parts = text.trim().split('.');
        for (index, number) in numbers.iter_mut().enumerate() {
            let Some(part) = parts.next() else {
                if index == 0 {
                    return Err(wrong());
                }
                break;
            };
            let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let is_last = digits < part.len();
            if digits == 0 {
                return Err(wrong());
            }
            *number = part[..digits].parse().map_err(|_| wrong())?;
            if is_last {
                break;
            }
        }
        let [major, minor, patch] = numbers;
        Ok(Self::new(major, minor, patch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_pip_writes_them() {
        for (text, version) in [
            ("3.3", AirflowVersion::new(3, 3, 0)),
            ("3.3.2", AirflowVersion::new(3, 3, 2)),
            ("3.4.0b2", AirflowVersion::new(3, 4, 0)),
            ("2.10.5.post1", AirflowVersion::new(2, 10, 5)),
            ("3", AirflowVersion::new(3, 0, 0)),
        ] {
            assert_eq!(text.parse(), Ok(version), "{text}");
        }
        for text in ["", "latest", "3.", "v3.3", "3.x", "99999999.1"] {
            assert!(text.parse::<AirflowVersion>().is_err(), "{text}");
        }
    }
}
