//! The supervisor schema versions and the Airflow releases that know them.

use clap::ValueEnum;

/// A dated version of the protocol between Airflow's supervisor and the executable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaVersion {
    /// Known to Airflow 3.3 and 3.4.
    #[value(name = "2026-06-16")]
    V2026_06_16,
    /// Known to Airflow 3.4.
    #[value(name = "2026-10-30")]
    V2026_10_30,
}

/// An Airflow release, standing for the newest schema version it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AirflowRelease {
    #[value(name = "3.3")]
    V3_3,
    #[value(name = "3.4")]
    V3_4,
}

impl SchemaVersion {
    /// All versions, oldest first.
    pub(crate) const ALL: [SchemaVersion; 2] =
        [SchemaVersion::V2026_06_16, SchemaVersion::V2026_10_30];

    /// The version as the manifest carries it.
    pub(crate) fn text(self) -> &'static str {
        match self {
            SchemaVersion::V2026_06_16 => "2026-06-16",
            SchemaVersion::V2026_10_30 => "2026-10-30",
        }
    }

    /// The Airflow releases that accept a bundle of this version.
    pub(crate) fn accepted_by(self) -> &'static str {
        match self {
            SchemaVersion::V2026_06_16 => "Airflow 3.3 and 3.4",
            SchemaVersion::V2026_10_30 => "Airflow 3.4",
        }
    }

    /// The version with this text.
    pub(crate) fn known(text: &str) -> Option<SchemaVersion> {
        SchemaVersion::ALL
            .into_iter()
            .find(|version| version.text() == text)
    }
}

impl From<AirflowRelease> for SchemaVersion {
    fn from(release: AirflowRelease) -> SchemaVersion {
        match release {
            AirflowRelease::V3_3 => SchemaVersion::V2026_06_16,
            AirflowRelease::V3_4 => SchemaVersion::V2026_10_30,
        }
    }
}
