//! What can go wrong on the way to a deployment.

use std::process::ExitStatus;
use std::time::Duration;

/// What can go wrong on the way to a deployment. None of it is an empty answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The command that leads there is not on this machine, or cannot be run.
    #[error("cannot run {program}, which must be installed and on the PATH")]
    NotStarted {
        /// The program.
        program: String,
        /// Why not.
        source: std::io::Error,
    },
    /// A command line or a setting that makes no sense.
    #[error("{0}")]
    Setting(String),
    /// No pod runs that matches.
    #[error(
        "no running pod matches {wanted}{found}; `kubectl get pods --show-labels` shows what there is (--selector, --namespace, --context, --pod)"
    )]
    NoRunningPod {
        /// The selector, with namespace and context.
        wanted: String,
        /// Those that match and do not run, as part of the sentence.
        found: String,
    },
    /// More than one pod runs that matches.
    #[error("{} running pods match {wanted}; say which with --pod, or take the first with --any-pod:\n  {}", pods.len(), pods.join("\n  "))]
    SeveralPods {
        /// The selector, with namespace and context.
        wanted: String,
        /// Their names.
        pods: Vec<String>,
    },
    /// A command ended with an error, and the probe in it has not said why.
    #[error("{command} ended with {}{}{}", code(*status), if stderr.is_empty() { "" } else { ": " }, stderr)]
    Exec {
        /// The command.
        command: String,
        /// How it ended.
        status: ExitStatus,
        /// The last that it printed on standard error, without credentials.
        stderr: String,
    },
    /// The place has no connection string.
    #[error(
        "{place}: {problem}. The connection string is read there and stays there; is it the right container? `--connection airflow` asks the Airflow in it, which knows airflow.cfg and secrets backends"
    )]
    NoConnectionString {
        /// Where the probe ran.
        place: String,
        /// What is missing.
        problem: String,
    },
    /// What was printed is not what a probe prints.
    #[error("{place}: {problem}")]
    Output {
        /// Where the probe ran.
        place: String,
        /// What came instead.
        problem: String,
    },
    /// Nothing came in time.
    #[error("{place}: nothing came within {} s{hint}", limit.as_secs_f64())]
    Silence {
        /// Where the probe ran.
        place: String,
        /// The limit.
        limit: Duration,
        /// What may help, as part of the sentence.
        hint: &'static str,
    },
    /// The database ended the statement.
    #[error("{place}: the statement took longer than {} s, and was ended; --statement-timeout allows more", limit.as_secs_f64())]
    StatementTimeout {
        /// The database, or where the probe ran.
        place: String,
        /// The limit.
        limit: Duration,
    },
    /// The database refused something, or is not there.
    #[error("{place}: the database refused: {problem}")]
    Database {
        /// The database, or where the probe ran.
        place: String,
        /// What was said, without credentials.
        problem: String,
    },
    /// The Python there lacks something, or the probe itself broke.
    #[error("{place}: {problem}")]
    Probe {
        /// Where the probe ran.
        place: String,
        /// What was said, without credentials.
        problem: String,
    },
    /// Airflow's REST API refused.
    #[error("{server}: {problem}")]
    Api {
        /// The server, without user and password.
        server: String,
        /// What it said.
        problem: String,
    },
    /// Values that lie in an object storage could not be fetched. Each says why.
    #[error("{unresolved} of {count} values could not be fetched from the object storage")]
    Unresolved {
        /// How many could not.
        unresolved: usize,
        /// How many XComs there were.
        count: usize,
    },
}

/// The exit codes of [`Failure::exit_code`], for a help text.
pub const EXIT_CODES: &str = "\
Exit codes, beside those of every command:
  10   a command or a setting: kubectl or the command of --exec cannot be run
  11   no running pod matches
  12   several running pods match
  13   kubectl or the command of --exec ended with an error
  14   there is no connection string in the environment of the pod
  15   what came back is not the answer of the probe, or only a part of it
  16   a time limit: nothing came, or the database ended the statement
  17   the database refused, or is not there
  18   the REST API refused, or is not there
  19   values could not be fetched from the object storage";

impl Failure {
    /// The exit code of a command that ends with it; one for each kind, see [`EXIT_CODES`].
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Setting(_) => 2,
            Self::NotStarted { .. } => 10,
            Self::NoRunningPod { .. } => 11,
            Self::SeveralPods { .. } => 12,
            Self::Exec { .. } => 13,
            Self::NoConnectionString { .. } => 14,
            Self::Output { .. } | Self::Probe { .. } => 15,
            Self::Silence { .. } | Self::StatementTimeout { .. } => 16,
            Self::Database { .. } => 17,
            Self::Api { .. } => 18,
            Self::Unresolved { .. } => 19,
        }
    }
}

fn code(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit code {code}"),
        None => status.to_string(),
    }
}
