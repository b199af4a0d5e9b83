//! Callbacks that a Dag processor runs for the scheduler.

use serde::{Deserialize, Serialize};

use super::text_enum::text_enum;
use super::{
    dag_run::DagRun, defaults, defaults::required, startup::TIRunContext,
    task_instance::TaskInstance, task_instance::TaskInstanceState,
};
use crate::SchemaVersion;
use crate::json::{JsonMap, free_form};

/// Runs a callback of a Dag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct DagCallbackRequest {
    /// The Dag file.
    pub filepath: String,
    /// The name of the Dag bundle.
    pub bundle_name: String,
    /// The version of the Dag bundle.
    #[serde(deserialize_with = "required")]
    pub bundle_version: Option<String>,
    /// What the bundle backend needs to find the version again. Since 2026-10-30.
    #[serde(
        deserialize_with = "free_form",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub version_data: Option<JsonMap>,
    /// What happened; people read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub msg: Option<String>,
    /// The Dag.
    pub dag_id: String,
    /// The Dag run.
    pub run_id: String,
    /// What the Execution API knows about the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_from_server: Option<DagRunContext>,
    /// Whether the run failed; it succeeded otherwise.
    #[serde(default = "defaults::some_true")]
    pub is_failure_callback: Option<bool>,
}

impl DagCallbackRequest {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(
        filepath: impl Into<String>,
        bundle_name: impl Into<String>,
        bundle_version: Option<String>,
        dag_id: impl Into<String>,
        run_id: impl Into<String>,
    ) -> Self {
        Self {
            filepath: filepath.into(),
            bundle_name: bundle_name.into(),
            bundle_version,
            dag_id: dag_id.into(),
            run_id: run_id.into(),
            version_data: None,
            msg: None,
            context_from_server: None,
            is_failure_callback: defaults::some_true(),
        }
    }

    /// Takes out what `to` does not know.
    pub(super) fn strip(&mut self, to: SchemaVersion) {
        if let Some(context) = &mut self.context_from_server {
            context.strip(to);
        }
        if to < SchemaVersion::V2026_10_30 {
            self.version_data = None;
        }
    }
}

/// Runs a callback of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct TaskCallbackRequest {
    /// The Dag file.
    pub filepath: String,
    /// The name of the Dag bundle.
    pub bundle_name: String,
    /// The version of the Dag bundle.
    #[serde(deserialize_with = "required")]
    pub bundle_version: Option<String>,
    /// What the bundle backend needs to find the version again. Since 2026-10-30.
    #[serde(
        deserialize_with = "free_form",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub version_data: Option<JsonMap>,
    /// What happened; people read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub msg: Option<String>,
    /// The task instance.
    pub ti: TaskInstance,
    /// The state that the callback is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_callback_type: Option<TaskInstanceState>,
    /// What the Execution API knows about the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_from_server: Option<TIRunContext>,
}

impl TaskCallbackRequest {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(
        filepath: impl Into<String>,
        bundle_name: impl Into<String>,
        bundle_version: Option<String>,
        ti: TaskInstance,
    ) -> Self {
        Self {
            filepath: filepath.into(),
            bundle_name: bundle_name.into(),
            bundle_version,
            ti,
            version_data: None,
            msg: None,
            task_callback_type: None,
            context_from_server: None,
        }
    }

    /// Takes out what `to` does not know.
    pub(super) fn strip(&mut self, to: SchemaVersion) {
        self.ti.strip(to);
        if let Some(context) = &mut self.context_from_server {
            context.strip(to);
        }
        if to < SchemaVersion::V2026_10_30 {
            self.version_data = None;
        }
    }
}

/// Sends an e-mail about a failure or a retry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct EmailRequest {
    /// The Dag file.
    pub filepath: String,
    /// The name of the Dag bundle.
    pub bundle_name: String,
    /// The version of the Dag bundle.
    #[serde(deserialize_with = "required")]
    pub bundle_version: Option<String>,
    /// What the bundle backend needs to find the version again. Since 2026-10-30.
    #[serde(
        deserialize_with = "free_form",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub version_data: Option<JsonMap>,
    /// What happened; people read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub msg: Option<String>,
    /// The task instance.
    pub ti: TaskInstance,
    /// What the e-mail is about.
    #[serde(default)]
    pub email_type: EmailType,
    /// What the Execution API knows about the run.
    pub context_from_server: TIRunContext,
}

impl EmailRequest {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(
        filepath: impl Into<String>,
        bundle_name: impl Into<String>,
        bundle_version: Option<String>,
        ti: TaskInstance,
        context_from_server: TIRunContext,
    ) -> Self {
        Self {
            filepath: filepath.into(),
            bundle_name: bundle_name.into(),
            bundle_version,
            ti,
            context_from_server,
            version_data: None,
            msg: None,
            email_type: EmailType::default(),
        }
    }

    /// Takes out what `to` does not know.
    pub(super) fn strip(&mut self, to: SchemaVersion) {
        self.ti.strip(to);
        self.context_from_server.strip(to);
        if to < SchemaVersion::V2026_10_30 {
            self.version_data = None;
        }
    }
}

text_enum! {
    /// What an e-mail is about.
    #[derive(Default)]
    EmailType {
        #[default]
        Failure = "failure",
        Retry = "retry",
    }
}

/// What the callback of a Dag knows about its run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DagRunContext {
    /// The Dag run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dag_run: Option<DagRun>,
    /// The task instance that ended last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_ti: Option<TaskInstance>,
}

impl DagRunContext {
    /// Takes out what `to` does not know.
    pub(super) fn strip(&mut self, to: SchemaVersion) {
        if let Some(last_ti) = &mut self.last_ti {
            last_ti.strip(to);
        }
    }
}

/// A callback that a Dag processor runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[allow(
    clippy::large_enum_variant,
    reason = "callbacks are few and short-lived"
)]
pub enum CallbackRequest {
    /// A callback of a Dag.
    Dag(DagCallbackRequest),
    /// A callback of a task.
    Task(TaskCallbackRequest),
    /// An e-mail.
    Email(EmailRequest),
}

impl CallbackRequest {
    /// Takes out what `to` does not know.
    pub(super) fn strip(&mut self, to: SchemaVersion) {
        match self {
            Self::Dag(callback) => callback.strip(to),
            Self::Task(callback) => callback.strip(to),
            Self::Email(callback) => callback.strip(to),
        }
    }
}

impl<'de> Deserialize<'de> for CallbackRequest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const TYPES: &[&str] = &["DagCallbackRequest", "TaskCallbackRequest", "EmailRequest"];
        super::tagged::read(deserializer, "type", TYPES, |kind, tree| {
            Ok(match kind {
                "DagCallbackRequest" => Self::Dag(serde_json::from_value(tree)?),
                "TaskCallbackRequest" => Self::Task(serde_json::from_value(tree)?),
                _ => Self::Email(serde_json::from_value(tree)?),
            })
        })
    }
}
