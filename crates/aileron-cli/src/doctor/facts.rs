//! What is known about a deployment.

use std::collections::BTreeMap;

use aileron_metastore::inventory::TaskRetries;
use serde::Deserialize;

use super::setting::{SETTINGS, Setting, Version};

/// Who says what the settings are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// The Airflow there, by its own rules; where it ran.
    Airflow(String),
    /// The environment and `airflow.cfg` of this machine, read here.
    Files,
}

/// What a setting is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Resolved {
    /// The value; `None` for none, and for a secret.
    pub(super) value: Option<String>,
    /// What is known of a secret that is set.
    pub(super) secret: Option<Secret>,
    /// Where it is set: the name of a variable, or `airflow.cfg`; `None` when it is the default.
    pub(super) source: Option<String>,
    /// Why it cannot be told.
    pub(super) problem: Option<String>,
}

/// What is known of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Secret {
    /// How long it is.
    pub(super) bytes: usize,
    /// Whether it is one key of Fernet or several, for a setting that must be.
    pub(super) fernet: Option<bool>,
}

/// The retries of a Dag's tasks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DagFacts {
    pub(super) dag_id: String,
    pub(super) tasks: Vec<TaskRetries>,
}

/// What is known about a deployment.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) source: Source,
    /// The version of Airflow, when an Airflow was asked.
    pub(super) airflow: Option<String>,
    /// Of Python.
    pub(super) python: Option<String>,
    /// The versions of providers.
    pub(super) providers: BTreeMap<String, String>,
    /// The `airflow.cfg` that was read.
    pub(super) config: Option<String>,
    /// What else should be said.
    pub(super) notes: Vec<String>,
    /// By section and key.
    pub(super) settings: BTreeMap<(&'static str, &'static str), Resolved>,
    /// The Dags that were looked at; `None` when none were.
    pub(super) dags: Option<Vec<DagFacts>>,
}

impl Facts {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            airflow: None,
            python: None,
            providers: BTreeMap::new(),
            config: None,
            notes: Vec::new(),
            settings: BTreeMap::new(),
            dags: None,
        }
    }

    pub(super) fn version(&self) -> Option<Version> {
        self.airflow.as_deref().and_then(Version::read)
    }

    pub(super) fn resolved(&self, section: &str, key: &str) -> Resolved {
        let known = self
            .settings
            .iter()
            .find(|((s, k), _)| *s == section && *k == key);
        known
            .map(|(_, resolved)| resolved.clone())
            .unwrap_or_default()
    }

    /// What holds: the value, or the default.
    pub(super) fn value(&self, section: &str, key: &str) -> Option<String> {
        self.resolved(section, key).value
    }

    pub(super) fn number(&self, section: &str, key: &str) -> Option<f64> {
        self.value(section, key)?.trim().parse().ok()
    }

    /// Whether it is switched on.
    pub(super) fn is_on(&self, section: &str, key: &str) -> bool {
        let value = self.value(section, key).unwrap_or_default().to_lowercase();
        matches!(value.trim(), "true" | "t" | "1")
    }

    /// The settings that are shown, with what they are.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'static Setting, Resolved)> + '_ {
        SETTINGS
            .iter()
            .map(|setting| (setting, self.resolved(setting.section, setting.key)))
    }
}
