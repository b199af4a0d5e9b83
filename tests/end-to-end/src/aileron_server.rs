//! `aileron serve` as a process of its own.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::airflow::clean_command;
use crate::server_keeper::ServerKeeper;
use crate::{AirflowVersion, Deadline, airflow};

/// How long it may take from its start to its first answer.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// A running `aileron serve`. It ends with the value, and also when this process is killed.
#[derive(Debug)]
pub struct AileronServer {
    keeper: ServerKeeper,
    agent: ureq::Agent,
    port: u16,
}

impl AileronServer {
    /// Starts this `aileron` command with these environment variables, which are Airflow's, and these arguments besides
    /// `--listen`, and waits until it is ready.
    ///
    /// # Errors
    /// When it is not ready in time; the text holds the last lines of its log.
    pub fn start(
        aileron: &Path,
        variables: &[(String, String)],
        arguments: &[&str],
    ) -> Result<Self> {
        let python = AirflowVersion::V3_3_2.python()?;
        let port = airflow::free_port()?;
        let directory = tempfile::Builder::new()
            .prefix("aileron-serve-")
            .tempdir()?
            .keep();
        let listen = format!("127.0.0.1:{port}");
        let mut command = vec![aileron.display().to_string()];
        command.extend(["serve", "--listen", &listen].map(str::to_owned));
        command.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        let mut keeper = clean_command(&python, variables);
        if !variables.iter().any(|(name, _)| name == "AIRFLOW_HOME") {
            keeper.env("AIRFLOW_HOME", &directory);
        }
        let server = Self {
            keeper: ServerKeeper::start(keeper, None, &directory, &command)?,
            agent: ureq::Agent::config_builder()
                .timeout_global(Some(Duration::from_secs(10)))
                .proxy(None)
                .build()
                .new_agent(),
            port,
        };
        Deadline::after(READY_WITHIN)
            .wait_for("`aileron serve` is ready", || {
                Ok(server.get("/health/ready").ok())
            })
            .with_context(|| server.log())?;
        Ok(server)
    }

    fn get(&self, path: &str) -> Result<String> {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        Ok(self.agent.get(&url).call()?.body_mut().read_to_string()?)
    }

    /// Its port on the loopback interface.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL for `[core] execution_api_server_url`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/execution/", self.port)
    }

    /// The last lines of its log.
    pub fn log(&self) -> String {
        self.keeper.log()
    }

    /// How many requests it has answered: by route and status.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn requests(&self) -> Result<BTreeMap<(String, u16), u64>> {
        let text = self.get("/metrics")?;
        let counted = text.lines().filter_map(|line| {
            let line = line.strip_prefix("aileron_requests_total{route=\"")?;
            let (route, line) = line.split_once("\",status=\"")?;
            let (status, count) = line.split_once("\"} ")?;
            Some((
                (route.to_owned(), status.parse().ok()?),
                count.parse().ok()?,
            ))
        });
        Ok(counted.collect())
    }

    /// How many requests it has sent on to `--upstream`.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn delegated(&self) -> Result<u64> {
        let text = self.get("/metrics")?;
        let count = text
            .lines()
            .find_map(|line| line.strip_prefix("aileron_requests_delegated_total "));
        count
            .and_then(|count| count.parse().ok())
            .context("there is no such metric")
    }
}
