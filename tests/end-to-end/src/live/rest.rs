//! The REST API of a real Airflow, without the rest of it.

use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, ChildStdout, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::{Kept, Live, LiveAirflow};
use crate::Deadline;
use crate::airflow::free_port;

const SCRIPT: &str = include_str!("../../python/rest_api.py");

/// How long it may take from its start to its first connection.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// The REST API of the Airflow of a [`Live`] deployment. It ends with the value.
#[derive(Debug)]
pub struct RestServer {
    child: Child,
    port: u16,
    token: String,
}

impl RestServer {
    /// The user that Airflow 2 has there.
    pub const USER: &str = "reader";
    /// The user's password.
    pub const PASSWORD: &str = "open-sesame";

    /// Starts it and waits until it listens.
    ///
    /// # Errors
    /// When it does not; it says why on standard error.
    pub fn start(live: &Live) -> Result<Self> {
        let port = free_port()?;
        let mut child = live
            .python(Kept::Plain)?
            .args(["-c", SCRIPT])
            .arg(port.to_string())
            .args([Self::USER, Self::PASSWORD])
            .env(
                "AIRFLOW__API__AUTH_BACKENDS",
                "airflow.api.auth.backend.basic_auth",
            )
            .env("AIRFLOW__API_AUTH__JWT_SECRET", "x".repeat(64))
            .stdin(Stdio::piped())
            .env("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "False")
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().context("no standard output")?;
        let token = match live.airflow() {
            LiveAirflow::V2 => String::new(),
            LiveAirflow::V3 => token_in(output)?,
        };
        Deadline::after(READY_WITHIN).wait_for("the REST API listens", || {
            if let Some(status) = child.try_wait()? {
                bail!("it ended with {status}");
            }
            Ok(TcpStream::connect((Ipv4Addr::LOCALHOST, port))
                .ok()
                .map(|_| ()))
        })?;
        Ok(Self { child, port, token })
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The token of the user, which Airflow 3 has printed.
    pub fn token(&self) -> &str {
        &self.token
    }
}

/// Reads what the server prints until it says the token; Airflow 2 has none, and its server says nothing.
fn token_in(output: ChildStdout) -> Result<String> {
    for line in BufReader::new(output).lines() {
        if let Some(token) = line?.strip_prefix("TOKEN ") {
            return Ok(token.to_owned());
        }
    }
    bail!("the REST API ended before it said a token")
}

impl Drop for RestServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
