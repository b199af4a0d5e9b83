//! Rules a manifest keeps so that Airflow can route tasks to it and `aileron stub` can write its Dags.

use std::collections::{HashMap, HashSet};

use crate::ManifestError;
use crate::manifest::{ArgSource, DagOutline, METADATA_VERSION, Manifest, TaskOutline};

/// Longest Dag or task id Airflow stores, in characters.
const MAX_ID_CHARS: usize = 250;

impl Manifest {
    /// Checks the manifest's content: versions, ids and that the outline fits the Dags.
    ///
    /// # Errors
    /// [`ManifestError::Invalid`] for the first rule that is broken, naming the field.
    pub fn validate(&self) -> Result<(), ManifestError> {
        if self.airflow_bundle_metadata_version != METADATA_VERSION {
            return Err(invalid(
                "airflow_bundle_metadata_version",
                format!(
                    "is {:?}, this version of aileron knows {METADATA_VERSION:?}",
                    self.airflow_bundle_metadata_version
                ),
            ));
        }
        if self.sdk.language.is_empty() {
            return Err(invalid("sdk.language", "is empty"));
        }
        if !is_dated_version(&self.sdk.supervisor_schema_version) {
            return Err(invalid(
                "sdk.supervisor_schema_version",
                format!(
                    "{:?} is not a date like 2026-06-16",
                    self.sdk.supervisor_schema_version
                ),
            ));
        }
        if let Some(source) = &self.source {
            validate_source_name(source)?;
        }
        self.validate_dags()?;
        self.validate_outline()
    }

    fn validate_dags(&self) -> Result<(), ManifestError> {
        if self.dags.is_empty() {
            return Err(invalid("dags", "is empty: the executable declares no Dag"));
        }
        for (dag_id, dag) in &self.dags {
            let field = format!("dags.{dag_id}");
            validate_id(&field, dag_id)?;
            let mut seen = HashSet::new();
            for task_id in &dag.tasks {
                validate_id(&format!("{field}.tasks"), task_id)?;
                if !seen.insert(task_id) {
                    return Err(invalid(
                        format!("{field}.tasks"),
                        format!("lists {task_id:?} twice"),
                    ));
                }
            }
        }
        Ok(())
    }

    fn validate_outline(&self) -> Result<(), ManifestError> {
        let Some(outline) = &self.aileron else {
            return Ok(());
        };
        let mut seen = HashSet::new();
        for dag in &outline.dags {
            let field = format!("aileron.dags.{}", dag.dag_id);
            if !seen.insert(&dag.dag_id) {
                return Err(invalid(field, "is outlined twice"));
            }
            let Some(entry) = self.dags.get(&dag.dag_id) else {
                return Err(invalid(field, "is outlined but missing in `dags`"));
            };
            validate_dag_outline(&field, dag, &entry.tasks)?;
        }
        Ok(())
    }
}

fn validate_dag_outline(
    field: &str,
    dag: &DagOutline,
    runnable: &[String],
) -> Result<(), ManifestError> {
    let mut known = HashSet::new();
    for task in &dag.tasks {
        let field = format!("{field}.{}", task.task_id);
        validate_id(&field, &task.task_id)?;
        validate_task_outline(&field, task, &known)?;
        if !known.insert(task.task_id.as_str()) {
            return Err(invalid(field, "is outlined twice"));
        }
        if !task.external && !runnable.contains(&task.task_id) {
            return Err(invalid(
                field,
                "is outlined but missing in the tasks of its Dag",
            ));
        }
    }
    if let Some(task_id) = runnable
        .iter()
        .find(|task_id| !known.contains(task_id.as_str()))
    {
        return Err(invalid(
            field,
            format!("has no outline of the task {task_id:?}"),
        ));
    }
    validate_edges(field, dag, &known)
}

/// A value comes from a task that was added before, so the tasks in `known`, those outlined so far, are the only sources.
fn validate_task_outline(
    field: &str,
    task: &TaskOutline,
    known: &HashSet<&str>,
) -> Result<(), ManifestError> {
    for arg in &task.args {
        match &arg.source {
            ArgSource::Xcom { task_id } if !known.contains(task_id.as_str()) => {
                let problem =
                    format!("takes the value of {task_id:?}, which is not outlined before it");
                return Err(invalid(format!("{field}.{}", arg.name), problem));
            }
            _ => {}
        }
    }
    for (name, seconds) in [
        ("retry_delay", task.retry_delay),
        ("execution_timeout", task.execution_timeout),
    ] {
        if seconds.is_some_and(|seconds| !seconds.is_finite() || seconds < 0.0) {
            return Err(invalid(
                format!("{field}.{name}"),
                "is not a number of seconds of at least 0",
            ));
        }
    }
    Ok(())
}

/// Every upstream task exists, and no task waits for itself.
fn validate_edges(
    field: &str,
    dag: &DagOutline,
    known: &HashSet<&str>,
) -> Result<(), ManifestError> {
    let mut waiting: HashMap<&str, &[String]> = HashMap::new();
    for task in &dag.tasks {
        if let Some(unknown) = task.upstream.iter().find(|id| !known.contains(id.as_str())) {
            return Err(invalid(
                format!("{field}.{}", task.task_id),
                format!("comes after {unknown:?}, which is not outlined"),
            ));
        }
        waiting.insert(&task.task_id, &task.upstream);
    }
    loop {
        let is_ready =
            |upstream: &[String]| upstream.iter().all(|id| !waiting.contains_key(id.as_str()));
        let ready: Vec<_> = waiting
            .iter()
            .filter(|(_, upstream)| is_ready(upstream))
            .map(|(id, _)| *id)
            .collect();
        if ready.is_empty() {
            break;
        }
        for id in ready {
            waiting.remove(id);
        }
    }
    match dag
        .tasks
        .iter()
        .find(|task| waiting.contains_key(task.task_id.as_str()))
    {
        Some(task) => Err(invalid(
            format!("{field}.{}", task.task_id),
            "waits, directly or not, for itself",
        )),
        None => Ok(()),
    }
}

/// The rule of Airflow's keys: letters and digits of any script, `-`, `_` and `.`, at most 250 characters (3.3.2,
/// `airflow/sdk/definitions/_internal/node.py`).
fn validate_id(field: &str, id: &str) -> Result<(), ManifestError> {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if id.is_empty() || id.chars().count() > MAX_ID_CHARS || !id.chars().all(allowed) {
        let rule = format!(
            "{id:?} is not an id Airflow accepts: 1 to {MAX_ID_CHARS} letters, digits, `-`, `_` or `.`"
        );
        return Err(invalid(field, rule));
    }
    Ok(())
}

fn validate_source_name(name: &str) -> Result<(), ManifestError> {
    if name.is_empty() || name.contains(['/', '\\', '\0']) || name == "." || name == ".." {
        return Err(invalid("source", format!("{name:?} is not a file name")));
    }
    Ok(())
}

fn is_dated_version(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, byte)| {
            if matches!(at, 4 | 7) {
                *byte == b'-'
            } else {
                byte.is_ascii_digit()
            }
        })
}

fn invalid(field: impl Into<String>, problem: impl Into<String>) -> ManifestError {
    ManifestError::Invalid {
        field: field.into(),
        problem: problem.into(),
    }
}
