//! The HTTP job service of `tests/bundles/resumable` as a process.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::bundle::executable;

/// A running job service. It ends with the value.
#[derive(Debug)]
pub struct JobService {
    child: Child,
    address: SocketAddr,
    // Holds the file of its jobs until the end.
    _directory: tempfile::TempDir,
}

impl JobService {
    /// Builds and starts one without jobs.
    ///
    /// # Errors
    /// When it does not compile or does not start.
    pub fn start() -> Result<Self> {
        let service = executable("resumable", "job-service")?;
        let directory = tempfile::tempdir()?;
        let mut child = Command::new(service)
            .arg(directory.path().join("jobs"))
            // Any port; submissions take up to two milliseconds before there is a job, and as long after it.
            .args(["0", "2"])
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot run the job service")?;
        let output = child.stdout.take().context("it has no standard output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        Ok(Self {
            child,
            address: line
                .trim()
                .parse()
                .context("the service prints its address")?,
            _directory: directory,
        })
    }

    /// The connection that leads to it, with the fields of the Execution API.
    pub fn connection(&self) -> Value {
        json!({"conn_type": "http", "host": self.address.ip().to_string(), "port": self.address.port()})
    }

    /// All jobs of this name.
    ///
    /// # Errors
    /// When the service does not answer.
    pub fn jobs(&self, name: &str) -> Result<Vec<Value>> {
        let url = format!("http://{}/jobs", self.address);
        let answer = ureq::get(&url).call()?.body_mut().read_to_string()?;
        let mut jobs: Vec<Value> = serde_json::from_str(&answer)?;
        jobs.retain(|job| job["name"] == name);
        Ok(jobs)
    }
}

impl Drop for JobService {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
