//! A process `aileron serve`.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use aileron_server::auth::{Auth, AuthSettings};
use anyhow::{Context, Result, bail, ensure};
use end_to_end::Deadline;
use end_to_end::bundle::executable;

const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// Who gives out tokens.
pub(crate) fn auth() -> Result<Auth> {
    Ok(Auth::new(&AuthSettings::with_secret(SECRET))?)
}

/// The command, built once.
fn aileron() -> Result<PathBuf> {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    if let Some(path) = BUILT.get() {
        return Ok(path.clone());
    }
    let path = executable("aileron-cli", "aileron")?;
    Ok(BUILT.get_or_init(|| path).clone())
}

/// A running server. It is killed with the value.
pub(crate) struct Replica {
    child: Child,
    address: SocketAddr,
}

impl Replica {
    /// Starts one, and waits until it listens.
    pub(crate) fn start(database: &str) -> Result<Self> {
        let mut child = Command::new(aileron()?)
            .args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json"])
            .env("AIRFLOW_HOME", std::env::temp_dir().join("no-airflow-here"))
            .env("AIRFLOW__API_AUTH__JWT_SECRET", SECRET)
            .env("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", database)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut log = BufReader::new(child.stderr.take().context("no standard error")?);
        let mut seen = String::new();
        let address = loop {
            let before = seen.len();
            if log.read_line(&mut seen)? == 0 {
                bail!("it ended with {}: {seen}", child.wait()?);
            }
            let line: serde_json::Value = serde_json::from_str(&seen[before..])
                .with_context(|| format!("the log has {seen}"))?;
            if let Some(url) = line["url"].as_str() {
                let address = url.split('/').nth(2).unwrap_or_default();
                break address.parse().with_context(|| url.to_owned())?;
            }
        };
        // What comes later is not looked at, but it must find room.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Ok(Self { child, address })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM, after which it ends by itself.
    pub(crate) fn end_in_order(&mut self) -> Result<()> {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status()?;
        let status = Deadline::after(Duration::from_secs(30))
            .wait_for("the server ends", || Ok(self.child.try_wait()?))?;
        ensure!(status.success(), "it ended with {status}");
        Ok(())
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}
