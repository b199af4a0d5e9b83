//! `aileron serve`, in a process of its own.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use end_to_end::{Deadline, PostgresDatabase};
use serde_json::Value;

use super::load::Server;

/// What tokens are signed with, and what Variables are encrypted with. Of this benchmark only.
pub(super) const JWT_SECRET: (&str, &str) = (
    "AIRFLOW__API_AUTH__JWT_SECRET",
    "a benchmark has no secrets, and this is as long as HS512 would like to have it",
);
const FERNET_KEY: (&str, &str) = (
    "AIRFLOW__CORE__FERNET_KEY",
    "YmVuY2htYXJrIGJlbmNobWFyayBiZW5jaG1hcmsgYmU=",
);

/// What both servers are told, but for the database.
pub(super) fn variables() -> Vec<(String, String)> {
    [
        JWT_SECRET,
        FERNET_KEY,
        ("AIRFLOW__API__SECRET_KEY", "none"),
        ("AIRFLOW__CORE__LOAD_EXAMPLES", "False"),
        // Ours says nothing of a request that went well.
        ("AIRFLOW__LOGGING__LOGGING_LEVEL", "WARNING"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

/// The server. It ends with the value.
pub(super) struct Ours {
    child: Child,
    server: Server,
    log: PathBuf,
    _home: tempfile::TempDir,
}

impl Ours {
    pub(super) fn start(program: &Path, database: &PostgresDatabase) -> Result<Self> {
        let home = tempfile::tempdir()?;
        let log = home.path().join("serve.log");
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("AIRFLOW") {
                command.env_remove(name);
            }
        }
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json"])
            // One, as Airflow's worker has one that runs Python.
            .args(["--threads", "1"])
            .envs(variables())
            .env("AIRFLOW_HOME", home.path())
            .env(
                "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
                database.sqlalchemy_url(),
            )
            .stdin(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        let address = Deadline::after(Duration::from_secs(30))
            .wait_for("aileron serve listens", || {
                if let Some(status) = child.try_wait()? {
                    bail!("it ended with {status}");
                }
                Ok(address(&log))
            })
            .with_context(|| fs::read_to_string(&log).unwrap_or_default());
        let address = address.inspect_err(|_| {
            // It may have ended.
            let _ = child.kill();
            let _ = child.wait();
        })?;
        Ok(Self {
            server: Server {
                address,
                processes: vec![child.id()],
            },
            child,
            log,
            _home: home,
        })
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    pub(super) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where it says that it listens, once it does.
fn address(log: &Path) -> Option<SocketAddr> {
    let text = fs::read_to_string(log).ok()?;
    let mut lines = text.lines();
    let url = lines.find_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        line["url"].as_str().map(str::to_owned)
    })?;
    let place = url.strip_prefix("http://")?.split('/').next()?;
    place.parse().ok()
}
