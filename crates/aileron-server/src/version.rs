//! Dated versions of the API.

use std::fmt;

use axum::http::HeaderValue;
use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::request::date_problem;

/// The header that names a version, in requests and in answers.
pub(crate) const HEADER: &str = "airflow-api-version";

/// A version of the Execution API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[allow(missing_docs)] // the names say it
pub enum ApiVersion {
    V2025_04_11,
    V2025_04_28,
    V2025_05_20,
    V2025_08_10,
    V2025_09_23,
    V2025_10_27,
    V2025_11_05,
    V2026_04_06,
    V2026_06_30,
    V2026_10_30,
}

impl ApiVersion {
    /// Every version, oldest first.
    pub const ALL: &[Self] = &[
        Self::V2025_04_11,
        Self::V2025_04_28,
        Self::V2025_05_20,
        Self::V2025_08_10,
        Self::V2025_09_23,
        Self::V2025_10_27,
        Self::V2025_11_05,
        Self::V2026_04_06,
        Self::V2026_06_30,
        Self::V2026_10_30,
    ];

    /// The newest version of Airflow 3.3.
    pub const AIRFLOW_3_3: Self = Self::V2026_06_30;

    /// The newest version of Airflow 3.4.
    pub const AIRFLOW_3_4: Self = Self::V2026_10_30;

    /// The date.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2025_04_11 => "2025-04-11",
            Self::V2025_04_28 => "2025-04-28",
            Self::V2025_05_20 => "2025-05-20",
            Self::V2025_08_10 => "2025-08-10",
            Self::V2025_09_23 => "2025-09-23",
            Self::V2025_10_27 => "2025-10-27",
            Self::V2025_11_05 => "2025-11-05",
            Self::V2026_04_06 => "2026-04-06",
            Self::V2026_06_30 => "2026-06-30",
            Self::V2026_10_30 => "2026-10-30",
        }
    }

    /// The version that serves a request: the one named, or else the newest one before it.
    ///
    /// `None` when there is none. Dates are compared as text, as Airflow does.
    fn serving(named: &str, newest: Self) -> Option<Self> {
        let mut known = Self::ALL.iter().copied();
        known.rfind(|version| *version <= newest && version.as_str() <= named)
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a request says about its version.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The version that serves it; `None` when no version has routes for it.
    pub(crate) version: Option<ApiVersion>,
    /// What the answer's header repeats: what was asked for, not what was chosen.
    pub(crate) echo: HeaderValue,
    /// Why the header is no date.
    problem: Option<Value>,
}

impl Asked {
    pub(crate) fn of(header: Option<&HeaderValue>, newest: ApiVersion) -> Self {
        let Some(echo) = header else {
            return Self {
                version: Some(newest),
                echo: HeaderValue::from_static(newest.as_str()),
                problem: None,
            };
        };
        let text = String::from_utf8_lossy(echo.as_bytes());
        Self {
            version: ApiVersion::serving(&text, newest),
            problem: problem(&text),
            echo: echo.clone(),
        }
    }

    /// Refuses a header that is no date. Only a request that has a route gets this far.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        match &self.problem {
            None => Ok(()),
            Some(problem) => Err(Refusal::invalid(vec![problem.clone()])),
        }
    }
}

fn problem(text: &str) -> Option<Value> {
    if speedate::Date::parse_str(text).is_ok() {
        return None;
    }
    let error = date_problem(&speedate::DateTime::parse_str(text).err()?);
    Some(json!({
        "type": "date_from_datetime_parsing",
        "loc": ["header", "Airflow-API-Version"],
        "msg": format!("Input should be a valid date or datetime, {error}"),
        "input": text,
        "ctx": {"error": error},
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serving(named: &str) -> Option<ApiVersion> {
        ApiVersion::serving(named, ApiVersion::AIRFLOW_3_3)
    }

    #[test]
    fn a_date_without_a_version_is_served_by_the_version_before_it() {
        assert_eq!(serving("2025-04-11"), Some(ApiVersion::V2025_04_11));
        assert_eq!(serving("2025-05-01"), Some(ApiVersion::V2025_04_28));
        assert_eq!(serving("2026-06-29"), Some(ApiVersion::V2026_04_06));
        assert_eq!(serving("2025-01-01"), None);
        assert_eq!(serving(""), None);
    }

    #[test]
    fn a_date_of_the_future_is_served_by_the_newest_version() {
        assert_eq!(serving("2026-10-30"), Some(ApiVersion::V2026_06_30));
        assert_eq!(serving("2030-01-01"), Some(ApiVersion::V2026_06_30));
    }

    #[test]
    fn what_is_no_date_is_refused_as_pydantic_refuses_it() {
        let asked = Asked::of(
            Some(&HeaderValue::from_static("garbage")),
            ApiVersion::AIRFLOW_3_3,
        );
        assert!(asked.version.is_some());
        let problem = asked.problem.as_ref().unwrap();
        assert_eq!(
            problem["msg"],
            "Input should be a valid date or datetime, input is too short"
        );
    }

    #[test]
    fn versions_are_in_the_order_of_their_dates() {
        assert!(
            ApiVersion::ALL
                .windows(2)
                .all(|pair| pair[0] < pair[1] && pair[0].as_str() < pair[1].as_str())
        );
    }
}
