//! Dated versions of the Execution API.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

/// A version of the Execution API, as the header `Airflow-API-Version` names it.
///
/// A server serves a version it does not know as the newest one before it. So a client can always name the newest version
/// that it understands: Airflow 3.3.2 then answers as 2026-06-30, Airflow 3.4 as 2026-10-30. A version before 2025-04-11 has no
/// routes.
///
/// ```
/// use aileron_client::ApiVersion;
///
/// let version: ApiVersion = "2026-06-30".parse()?;
/// assert_eq!(version, ApiVersion::V2026_06_30);
/// assert!(version < ApiVersion::LATEST);
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiVersion(Date);

impl ApiVersion {
    /// The version of Airflow 3.3.
    pub const V2026_06_30: Self = Self(jiff::civil::date(2026, 6, 30));

    /// The version of Airflow 3.4.
    pub const V2026_10_30: Self = Self(jiff::civil::date(2026, 10, 30));

    /// The newest version that this crate understands.
    pub const LATEST: Self = Self::V2026_10_30;
}

/// [`ApiVersion::LATEST`].
impl Default for ApiVersion {
    fn default() -> Self {
        Self::LATEST
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ApiVersion {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        text.parse().map(Self)
    }
}
