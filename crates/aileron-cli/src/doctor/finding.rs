//! What is wrong with settings, or may surprise.

use crate::stored::span_text;

use super::facts::{Facts, Secret};
use super::setting::Version;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    /// Worth knowing.
    Note,
    /// It works, and bites one day.
    Warning,
    /// Something does not work.
    Error,
}

impl Severity {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Something about the settings.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    /// A name for scripts; it does not change.
    pub(super) code: &'static str,
    /// What it is, and what to do.
    pub(super) text: String,
}

/// The class of the provider common.io that offloads XComs.
const XCOM_OBJECT_STORAGE: &str = "XComObjectStorageBackend";

/// The same for state.
const STATE_OBJECT_STORAGE: &str = "StateStoreObjectStorageBackend";

/// Everything that is found, the worst first.
pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let mut found = Findings {
        facts,
        found: Vec::new(),
    };
    found.version();
    found.unreadable();
    found.state_store();
    found.retention();
    found.xcoms();
    found.heartbeats();
    found.fernet();
    found.tokens();
    let mut found = found.found;
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}

struct Findings<'a> {
    facts: &'a Facts,
    found: Vec<Finding>,
}

impl Findings<'_> {
    fn add(&mut self, severity: Severity, code: &'static str, text: impl Into<String>) {
        let text = text.into();
        self.found.push(Finding {
            severity,
            code,
            text,
        });
    }

    fn error(&mut self, code: &'static str, text: impl Into<String>) {
        self.add(Severity::Error, code, text);
    }

    fn warning(&mut self, code: &'static str, text: impl Into<String>) {
        self.add(Severity::Warning, code, text);
    }

    fn note(&mut self, code: &'static str, text: impl Into<String>) {
        self.add(Severity::Note, code, text);
    }

    fn version(&mut self) {
        let (Some(version), Some(text)) = (self.facts.version(), &self.facts.airflow) else {
            return;
        };
        if version < Version(3, 3) {
            self.error(
                "state-store-needs-3.3",
                format!(
                    "state stores need Airflow 3.3, and this is {text}: tasks cannot keep state, and `aileron state` finds no tables. \
                     Upgrade, or keep what must survive a retry elsewhere"
                ),
            );
        }
    }

    /// A setting that cannot be told.
    fn unreadable(&mut self) {
        let facts = self.facts;
        for (setting, resolved) in facts.all() {
            if let Some(problem) = resolved.problem {
                self.warning(
                    "unreadable",
                    format!("{} cannot be told: {problem}", setting.name()),
                );
            }
        }
    }

    fn state_store(&mut self) {
        let facts = self.facts;
        let backend = facts.value("state_store", "backend").unwrap_or_default();
        if !backend.is_empty() && !backend.ends_with(".MetastoreBackend") {
            self.warning(
                "state-store-backend",
                format!(
                    "[state_store] backend is {backend}: `airflow state-store clean` leaves it alone, the REST API and `aileron state` \
                     still look into the database, and `aileron serve` sends such requests on to Airflow"
                ),
            );
        }
        let worker = facts
            .value("workers", "state_store_backend")
            .unwrap_or_default();
        if !worker.is_empty() {
            self.warning(
                "worker-state-backend",
                format!(
                    "[workers] state_store_backend is {worker}: the database has references in place of values, \
                     `aileron state` shows these, and cleaning removes them and not what they refer to"
                ),
            );
        }
        let path = facts
            .value("common.io", "state_store_objectstorage_path")
            .unwrap_or_default();
        let is_object_storage = worker.ends_with(STATE_OBJECT_STORAGE);
        if is_object_storage && path.is_empty() {
            self.error(
                "state-path-missing",
                "[workers] state_store_backend keeps values in an object storage, and [common.io] state_store_objectstorage_path is \
                 empty: set it",
            );
        } else if !path.is_empty() && worker.is_empty() {
            self.warning(
                "state-path-without-backend",
                "[common.io] state_store_objectstorage_path is set and has no effect: [workers] state_store_backend is empty",
            );
        }
        if facts.is_on("state_store", "clear_on_success") {
            self.note(
                "clear-on-success",
                "[state_store] clear_on_success is on: a task that succeeded has no state to look at",
            );
        }
    }

    fn retention(&mut self) {
        let facts = self.facts;
        let Some(days) = facts.number("state_store", "default_retention_days") else {
            return;
        };
        if days < 0.0 {
            let text = "[state_store] default_retention_days is negative: the REST API refuses to store values; 0 is for ever";
            return self.error("retention-negative", text);
        }
        if days == 0.0 {
            let text = "[state_store] default_retention_days is 0: values of tasks never expire, and go with their run only";
            return self.note("retention-never", text);
        }
        let kept = (days * 86_400.0) as i64;
        let retries = facts.number("core", "default_task_retries").unwrap_or(0.0);
        let delay = facts
            .number("core", "default_task_retry_delay")
            .unwrap_or(0.0);
        if retries * delay > kept as f64 {
            self.warning(
                "retention-shorter-than-default-retries",
                format!(
                    "[core] default_task_retries times default_task_retry_delay is {}, and what a task stores is kept for {}: a late retry \
                     finds nothing. Raise [state_store] default_retention_days",
                    span_text((retries * delay) as i64),
                    span_text(kept)
                ),
            );
        }
        for dag in facts.dags.iter().flatten() {
            for task in &dag.tasks {
                if task.longest_wait.as_secs() > kept {
                    self.warning(
                        "retention-shorter-than-retries",
                        format!(
                            "Dag {}, task {}: its {} retries may wait for {} together, and what it stores is kept for {} unless it says \
                             otherwise: a late retry finds nothing, and starts its work anew. Raise [state_store] default_retention_days, \
                             or shorten the delay",
                            dag.dag_id,
                            task.task_id,
                            task.retries,
                            span_text(task.longest_wait.as_secs()),
                            span_text(kept)
                        ),
                    );
                }
            }
        }
    }

    fn xcoms(&mut self) {
        let facts = self.facts;
        let backend = facts.value("core", "xcom_backend").unwrap_or_default();
        let path = facts
            .value("common.io", "xcom_objectstorage_path")
            .unwrap_or_default();
        let threshold = facts.number("common.io", "xcom_objectstorage_threshold");
        if backend.ends_with(XCOM_OBJECT_STORAGE) {
            if path.is_empty() {
                let text = "[core] xcom_backend keeps values in an object storage, and [common.io] xcom_objectstorage_path is empty: set it";
                self.error("xcom-path-missing", text);
            }
            if threshold.is_none_or(|threshold| threshold < 0.0) {
                self.warning(
                    "xcom-threshold-off",
                    "[core] xcom_backend is the one for object storage, and [common.io] xcom_objectstorage_threshold is -1: nothing is \
                     ever stored there. Set how many bytes an XCom may have in the database",
                );
            }
        } else if !path.is_empty() {
            self.warning(
                "xcom-path-without-backend",
                "[common.io] xcom_objectstorage_path is set and has no effect: [core] xcom_backend is not XComObjectStorageBackend",
            );
        }
        if facts.is_on("core", "enable_xcom_pickling") {
            if facts
                .version()
                .is_some_and(|version| version < Version(3, 0))
            {
                self.warning(
                    "pickling",
                    "[core] enable_xcom_pickling is on: who can write an XCom can run code wherever it is read, Airflow 3 does not read \
                     pickled values, and neither does Aileron. Turn it off before you upgrade",
                );
            } else {
                self.warning(
                    "pickling",
                    "[core] enable_xcom_pickling is set: Airflow 3 does not have it and ignores it. Rows from before an upgrade may \
                     still be pickled; remove the setting",
                );
            }
        }
    }

    fn heartbeats(&mut self) {
        let facts = self.facts;
        let interval = facts.number("workers", "min_heartbeat_interval");
        let timeout = facts.number("scheduler", "task_instance_heartbeat_timeout");
        let (Some(interval), Some(timeout)) = (interval, timeout) else {
            return;
        };
        if interval >= timeout {
            self.error(
                "heartbeat-interval-too-long",
                format!(
                    "[workers] min_heartbeat_interval is {interval} s and [scheduler] task_instance_heartbeat_timeout {timeout} s: \
                     the scheduler takes tasks for dead before they say anything. The interval should be a small part of the timeout"
                ),
            );
        } else if interval * 3.0 > timeout {
            self.warning(
                "heartbeat-interval-long",
                format!(
                    "[workers] min_heartbeat_interval is {interval} s and [scheduler] task_instance_heartbeat_timeout {timeout} s: \
                     two heartbeats that are lost are enough to have a task killed that works"
                ),
            );
        }
        let failed = facts
            .number("workers", "max_failed_heartbeats")
            .unwrap_or(0.0);
        if failed < 1.0 {
            let text = "[workers] max_failed_heartbeats is below 1: the first heartbeat that fails ends the task";
            self.warning("heartbeat-no-failure", text);
        } else if failed * interval > timeout {
            self.warning(
                "heartbeat-late-end",
                format!(
                    "a worker gives up a task after {} s without a heartbeat (min_heartbeat_interval times max_failed_heartbeats), and \
                     the scheduler has started another try after {timeout} s: both run at the same time meanwhile",
                    failed * interval
                ),
            );
        }
    }

    fn fernet(&mut self) {
        match self.facts.resolved("core", "fernet_key") {
            resolved if resolved.problem.is_some() => {}
            resolved => match resolved.secret {
                None => self.warning(
                    "fernet-key-missing",
                    "[core] fernet_key is not set: Variables and Connections stand in the database as clear text, or encrypted with a key \
                     that every machine makes up for itself. Set one key for all",
                ),
                Some(Secret {
                    fernet: Some(false),
                    ..
                }) => self.error(
                    "fernet-key-invalid",
                    "[core] fernet_key is not a Fernet key (32 bytes in URL-safe base64; several are separated by commas)",
                ),
                Some(_) => {}
            },
        }
    }

    fn tokens(&mut self) {
        let facts = self.facts;
        if facts
            .value("api_auth", "jwt_private_key_path")
            .is_some_and(|path| !path.is_empty())
        {
            return;
        }
        let resolved = facts.resolved("api_auth", "jwt_secret");
        if resolved.problem.is_some() {
            return;
        }
        let Some(secret) = resolved.secret else {
            return self.warning(
                "jwt-secret-missing",
                "neither [api_auth] jwt_secret nor jwt_private_key_path is set: every process makes up a secret, and the tokens of the \
                 scheduler are no good to an API server elsewhere. Set the same secret for all",
            );
        };
        let algorithm = facts
            .value("api_auth", "jwt_algorithm")
            .filter(|name| !name.is_empty());
        let algorithm = algorithm.unwrap_or_else(|| "HS512".to_owned());
        let shortest = match algorithm.as_str() {
            "HS256" => 32,
            "HS384" => 48,
            _ => 64,
        };
        if secret.bytes < shortest {
            self.warning(
                "jwt-secret-short",
                format!(
                    "[api_auth] jwt_secret has {} bytes, and {algorithm} should have at least {shortest} (RFC 7518): a short secret can be \
                     guessed, and then everybody makes tokens. `openssl rand -base64 64` makes a good one",
                    secret.bytes
                ),
            );
        }
    }
}
