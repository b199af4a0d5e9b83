//! The settings that matter to what travels between tasks, and what each means.
//!
//! The defaults are those of `config_templates/config.yml` and of the provider common.io, of Airflow 3.3.2 and 3.4.0b2; a test compares
//! them with installed packages.

/// A setting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    /// The heading it is shown under.
    pub(super) group: Group,
    pub(super) section: &'static str,
    pub(super) key: &'static str,
    /// What holds when nothing is set; `None` for none.
    pub(super) default: Option<&'static str>,
    /// The default since Airflow 3.4, where it is another one.
    pub(super) default_34: Option<&'static str>,
    /// Whether the value must not be shown.
    pub(super) secret: bool,
    pub(super) means: &'static str,
}

/// What a setting is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    State,
    XCom,
    Execution,
    Secrets,
}

impl Group {
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::State => "State stores",
            Self::XCom => "XComs",
            Self::Execution => "Execution",
            Self::Secrets => "Keys",
        }
    }
}

impl Setting {
    /// What holds in a version when nothing is set.
    pub(super) fn default(&self, version: Option<Version>) -> Option<&'static str> {
        match version {
            Some(version) if version >= Version(3, 4) => self.default_34.or(self.default),
            _ => self.default,
        }
    }

    /// `[section] key`.
    pub(super) fn name(&self) -> String {
        format!("[{}] {}", self.section, self.key)
    }
}

/// Major and minor version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(pub(super) u32, pub(super) u32);

impl Version {
    /// Reads `3.4.0b2`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        Some(Self(
            parts.next()?.parse().ok()?,
            parts.next()?.parse().ok()?,
        ))
    }
}

const fn setting(
    group: Group,
    section: &'static str,
    key: &'static str,
    default: Option<&'static str>,
    means: &'static str,
) -> Setting {
    Setting {
        group,
        section,
        key,
        default,
        default_34: None,
        secret: false,
        means,
    }
}

const fn secret(section: &'static str, key: &'static str, means: &'static str) -> Setting {
    let mut setting = setting(Group::Secrets, section, key, None, means);
    setting.secret = true;
    setting
}

const fn since_34(mut setting: Setting, default: &'static str) -> Setting {
    setting.default_34 = Some(default);
    setting
}

use Group::{Execution, Secrets, State, XCom};

/// All of them, in the order they are shown.
pub(super) const SETTINGS: &[Setting] = &[
    setting(
        State,
        "state_store",
        "backend",
        Some("airflow.state.metastore.MetastoreBackend"),
        "the class behind both stores in the API server",
    ),
    setting(
        State,
        "state_store",
        "default_retention_days",
        Some("30"),
        "how long a task's value is kept after a write, in days; 0 for ever",
    ),
    setting(
        State,
        "state_store",
        "clear_on_success",
        Some("False"),
        "whether a task that succeeds loses its values",
    ),
    setting(
        State,
        "state_store",
        "state_cleanup_batch_size",
        Some("0"),
        "how many rows `airflow state-store clean` removes at once; 0 all",
    ),
    setting(
        State,
        "state_store",
        "max_value_storage_bytes",
        Some("65535"),
        "the longest value the REST API takes; a task may store longer ones",
    ),
    setting(
        State,
        "workers",
        "state_store_backend",
        Some(""),
        "the class on the worker that keeps values outside of the database",
    ),
    setting(
        State,
        "common.io",
        "state_store_objectstorage_path",
        Some(""),
        "where that class keeps values, in an object storage",
    ),
    setting(
        State,
        "common.io",
        "state_store_objectstorage_threshold",
        Some("0"),
        "from how many bytes on a value goes there",
    ),
    setting(
        State,
        "common.io",
        "state_store_objectstorage_compression",
        Some(""),
        "how values are compressed there",
    ),
    setting(
        XCom,
        "core",
        "xcom_backend",
        Some("airflow.sdk.execution_time.xcom.BaseXCom"),
        "the class that stores and reads XComs",
    ),
    setting(
        XCom,
        "common.io",
        "xcom_objectstorage_path",
        Some(""),
        "where the object storage backend keeps values",
    ),
    setting(
        XCom,
        "common.io",
        "xcom_objectstorage_threshold",
        Some("-1"),
        "from how many bytes on a value goes there; -1 never, 0 always",
    ),
    setting(
        XCom,
        "common.io",
        "xcom_objectstorage_compression",
        Some(""),
        "how values are compressed there",
    ),
    setting(
        XCom,
        "core",
        "enable_xcom_pickling",
        None,
        "pickled XComs, in Airflow 2 only",
    ),
    setting(
        Execution,
        "core",
        "executor",
        Some("LocalExecutor"),
        "what starts tasks",
    ),
    setting(
        Execution,
        "core",
        "execution_api_server_url",
        None,
        "where workers find the Execution API; the API server's /execution/ when not set",
    ),
    setting(
        Execution,
        "core",
        "default_task_retries",
        Some("0"),
        "how often a task is tried again when its Dag does not say",
    ),
    setting(
        Execution,
        "core",
        "default_task_retry_delay",
        Some("300"),
        "how long it waits before that, in seconds",
    ),
    setting(
        Execution,
        "core",
        "max_task_retry_delay",
        Some("86400"),
        "the limit of delays that grow, in seconds",
    ),
    setting(
        Execution,
        "workers",
        "min_heartbeat_interval",
        Some("5"),
        "how often a worker says that its task lives, in seconds",
    ),
    since_34(
        setting(
            Execution,
            "workers",
            "max_failed_heartbeats",
            Some("3"),
            "after how many of these that fail it ends the task",
        ),
        "30",
    ),
    setting(
        Execution,
        "scheduler",
        "task_instance_heartbeat_timeout",
        Some("300"),
        "after how long without one the scheduler takes a task for dead, in seconds",
    ),
    setting(
        Execution,
        "workers",
        "execution_api_timeout",
        Some("5.0"),
        "how long a worker waits for an answer, in seconds",
    ),
    setting(
        Execution,
        "workers",
        "execution_api_retries",
        Some("5"),
        "how often it asks again",
    ),
    setting(
        Execution,
        "workers",
        "execution_api_retry_wait_min",
        Some("1.0"),
        "its first pause before that, in seconds",
    ),
    setting(
        Execution,
        "workers",
        "execution_api_retry_wait_max",
        Some("90.0"),
        "its longest pause, in seconds",
    ),
    setting(
        Execution,
        "execution_api",
        "jwt_expiration_time",
        Some("600"),
        "how long the token of a task is good, in seconds; it is renewed in time",
    ),
    secret(
        "core",
        "fernet_key",
        "encrypts Variables and Connections in the database",
    ),
    secret(
        "api_auth",
        "jwt_secret",
        "signs the tokens of tasks and users, when there is no private key",
    ),
    setting(
        Secrets,
        "api_auth",
        "jwt_private_key_path",
        None,
        "the private key that signs tokens, in place of the secret",
    ),
    setting(
        Secrets,
        "api_auth",
        "jwt_algorithm",
        None,
        "the algorithm of tokens; HS512 with a secret when not set",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_setting_stands_there_once_and_has_a_meaning() {
        let names: BTreeSet<String> = SETTINGS.iter().map(Setting::name).collect();
        assert_eq!(names.len(), SETTINGS.len());
        assert!(SETTINGS.iter().all(|setting| !setting.means.is_empty()));
    }

    #[test]
    fn versions_are_compared_by_major_and_minor() {
        assert_eq!(Version::read("3.4.0b2"), Some(Version(3, 4)));
        assert!(Version::read("2.11.0") < Version::read("3.3.2"));
        assert!(Version::read("3.10.1") > Version::read("3.4.0"));
        assert_eq!(Version::read("three"), None);
        let failed = SETTINGS
            .iter()
            .find(|setting| setting.key == "max_failed_heartbeats")
            .unwrap();
        assert_eq!(failed.default(Version::read("3.3.2")), Some("3"));
        assert_eq!(failed.default(Version::read("3.4.0b2")), Some("30"));
    }
}
