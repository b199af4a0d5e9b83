//! The manifest of a bundle: which Dags and tasks the executable holds, and which protocol it speaks.
//!
//! Airflow reads `sdk.supervisor_schema_version` and the keys of `dags` (bundle metadata version 1.0, Airflow 3.3.2
//! `airflow/sdk/coordinators/executable/coordinator.py`) and ignores keys it does not know. The key `aileron` is ours:
//! it outlines the Dags so that `aileron inspect` and `aileron stub` need not run the executable again.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// The version of the bundle metadata format this crate reads and writes.
pub const METADATA_VERSION: &str = "1.0";

/// What a bundle says about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the metadata format, [`METADATA_VERSION`].
    pub airflow_bundle_metadata_version: String,
    /// The SDK the executable was built with.
    pub sdk: Sdk,
    /// File name of the source region, `main.rs` for instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The Dags of the executable, by Dag id.
    pub dags: IndexMap<String, DagEntry>,
    /// Digests written by the packer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digests: Option<Digests>,
    /// The outline of the Dags; present in bundles made by Aileron.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aileron: Option<Outline>,
}

/// The SDK a bundle was built with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sdk {
    /// The language, `rust` here.
    pub language: String,
    /// The version of the SDK crate.
    pub version: String,
    /// The dated version of the supervisor schema the executable speaks, `2026-06-16` for instance.
    pub supervisor_schema_version: String,
}

/// A Dag as Airflow wants to see it in the manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DagEntry {
    /// Ids of the tasks this executable can run.
    pub tasks: Vec<String>,
}

/// Digests of a bundle's regions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digests {
    /// `sha256:` and the hex digest of the binary region.
    pub integrity: String,
    /// `sha256:` and the hex digest over what decides the bundle's behaviour; equal inputs, equal value.
    pub cache: String,
}

/// The outline of a bundle's Dags, in an order that is the same for the same program.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Outline {
    /// One entry per Dag.
    pub dags: Vec<DagOutline>,
}

/// A Dag: what a stub file needs to declare.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DagOutline {
    /// The Dag's id.
    pub dag_id: String,
    /// Cron expression or preset (`@daily`); absent when the Dag is only triggered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// First date of the schedule, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<String>,
    /// Whether missed intervals are run.
    #[serde(default)]
    pub catchup: bool,
    /// Most runs at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_active_runs: Option<u32>,
    /// Tags, sorted as declared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Markdown documentation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc_md: Option<String>,
    /// The params with their defaults, sorted.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub params: IndexMap<String, serde_json::Value>,
    /// The tasks, upstream before downstream.
    pub tasks: Vec<TaskOutline>,
}

/// A task of an outlined Dag. Times are in seconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskOutline {
    /// The task's id.
    pub task_id: String,
    /// True when the task is written in another language (a Python task of the same Dag) and only referred to.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub external: bool,
    /// True when Airflow expands the task: its value is a list with one entry for each map index.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mapped: bool,
    /// The task's arguments in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<ArgOutline>,
    /// Type of the value the task returns, as Rust writes it; absent for `()`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<String>,
    /// Ids of the tasks that come directly before, sorted; those of arguments included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub upstream: Vec<String>,
    /// How often a failed task is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// Pause before a retry, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_delay: Option<f64>,
    /// Longest run, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_timeout: Option<f64>,
    /// Queue that routes the task to the coordinator; the stub's `--queue` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Pool the task takes its slots from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// Weight among queued tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority_weight: Option<i32>,
    /// Airflow's trigger rule, `all_success` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger_rule: Option<String>,
    /// Owner shown by Airflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Whether the previous run's instance must have succeeded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub depends_on_past: bool,
    /// Markdown documentation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc_md: Option<String>,
    /// Assets and aliases that the task reads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inlets: Vec<AssetOutline>,
    /// Assets and aliases that the task writes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outlets: Vec<AssetOutline>,
}

/// An inlet or outlet of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AssetOutline {
    /// An asset.
    Asset {
        /// Its name.
        name: String,
        /// Its URI.
        uri: String,
    },
    /// The asset of a name.
    NameRef {
        /// The name.
        name: String,
    },
    /// The asset of a URI.
    UriRef {
        /// The URI.
        uri: String,
    },
    /// An alias.
    Alias {
        /// Its name.
        name: String,
    },
}

/// An argument of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArgOutline {
    /// The parameter's name.
    pub name: String,
    /// The parameter's type, as Rust writes it.
    pub r#type: String,
    /// Where its value comes from.
    #[serde(flatten)]
    pub source: ArgSource,
}

/// Where an argument's value comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ArgSource {
    /// A value fixed in the Dag.
    Literal {
        /// The value as JSON.
        value: serde_json::Value,
    },
    /// The `return_value` of a task.
    Xcom {
        /// The upstream task.
        task_id: String,
    },
}
