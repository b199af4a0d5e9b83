//! What the probe says.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One thing that Airflow says where the probe ran.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "fact", rename_all = "kebab-case")]
pub enum Fact {
    /// The interpreter.
    Python {
        /// Its version.
        version: String,
        /// Its path.
        executable: String,
    },
    /// There is no Airflow for that interpreter.
    NoAirflow {
        /// What Python said.
        problem: String,
    },
    /// The Airflow.
    Airflow {
        /// Its version.
        version: String,
        /// `airflow.cfg`, if there is one.
        config_file: Option<String>,
    },
    /// The provider common.io.
    Provider {
        /// Its version; none when it is not installed.
        version: Option<String>,
    },
    /// Names that look like those of the options, and are read by nobody.
    NearMisses {
        /// Environment variables.
        variables: Vec<NearMiss>,
        /// Sections of `airflow.cfg`.
        sections: Vec<String>,
    },
    /// An option.
    Option(OptionFact),
    /// `[core] enable_xcom_pickling`.
    Pickling {
        /// What it is set to; none when it is not set.
        value: Option<String>,
    },
    /// The class that XComs go through.
    Backend {
        /// Its name.
        class: Option<String>,
        /// The names of its bases.
        #[serde(default)]
        bases: Vec<String>,
        /// Why there is none.
        problem: Option<String>,
    },
    /// What the kind of store needs.
    Packages {
        /// The scheme of the base path.
        scheme: String,
        /// The packages with their versions; none for one that is not installed.
        packages: BTreeMap<String, Option<String>>,
    },
    /// The compression of new objects.
    Compression {
        /// Its configured name.
        name: Option<String>,
        /// The suffix of objects; none when there is no such compression.
        suffix: Option<String>,
        /// The names that there are.
        #[serde(default)]
        known: Vec<String>,
        /// Why nothing is known of it.
        problem: Option<String>,
    },
    /// A step with a probe object.
    Store {
        /// `open`, `put`, `get`, `list`, `delete`, or `time` for no answer.
        step: String,
        /// How long it took.
        took_ms: Option<u64>,
        /// The path of the object, for `open`.
        detail: Option<String>,
        /// What went wrong.
        problem: Option<String>,
    },
    /// The lifecycle rules of the bucket.
    Lifecycle {
        /// The scheme of the base path.
        scheme: String,
        /// The path of the base in the bucket.
        prefix: Option<String>,
        /// The rules; none when they were not looked at.
        rules: Option<Vec<RuleFact>>,
        /// Why they could not be.
        problem: Option<String>,
    },
    /// So many XComs of a key have this length.
    Size {
        /// The Dag.
        dag_id: String,
        /// The task.
        task_id: String,
        /// The key.
        key: String,
        /// The length in bytes.
        bytes: u64,
        /// How many.
        count: u64,
    },
    /// All sizes were read.
    SizesRead,
    /// Sizes could not be read.
    SizesNotRead {
        /// Why.
        problem: String,
    },
}

/// A name that nobody reads.
#[derive(Debug, Clone, Deserialize)]
pub struct NearMiss {
    /// The name.
    pub found: String,
    /// The name that is read.
    pub meant: String,
}

/// An option.
#[derive(Debug, Clone, Deserialize)]
pub struct OptionFact {
    /// Its section.
    pub section: String,
    /// Its name.
    pub option: String,
    /// Where it is said.
    pub source: String,
    /// What its environment variable says, if there is one.
    pub variable: Option<String>,
    /// What the backend is given.
    pub value: Option<String>,
    /// What `airflow config get-value` says.
    pub server_value: Option<String>,
    /// Why there is no value.
    pub problem: Option<String>,
}

/// A lifecycle rule.
#[derive(Debug, Clone, Deserialize)]
pub struct RuleFact {
    /// Its name.
    pub id: String,
    /// Whether it is in force.
    pub enabled: bool,
    /// The beginning of keys it is for; none when it has other conditions too.
    pub prefix: Option<String>,
    /// The days after which objects expire.
    pub days: Option<u32>,
}
