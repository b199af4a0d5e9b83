//! The API server of the workers, kept apart so that it can be killed while the rest of Airflow goes on.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::Airflow;
use super::configuration::{Ports, api_server};
use super::home::Home;
use super::keeper::clean_command;
use crate::server_keeper::ServerKeeper;

/// The API server, with a keeper of its own.
#[derive(Debug)]
pub(super) struct ExecutionApart(ServerKeeper);

impl ExecutionApart {
    pub(super) fn start(
        python: &Path,
        home: &Home,
        variables: &[(String, String)],
        ports: Ports,
    ) -> Result<Self> {
        let directory = home.path().join("api-server-execution");
        std::fs::create_dir_all(&directory)?;
        let airflow = python.with_file_name("airflow");
        let mut command = vec![python.display().to_string(), airflow.display().to_string()];
        let arguments = api_server("execution", ports.execution);
        command.extend(arguments.split(' ').map(str::to_owned));
        ServerKeeper::start(clean_command(python, variables), None, &directory, &command).map(Self)
    }
}

impl Airflow {
    /// Ends the API server of the workers with SIGKILL. Needs [`Setup::execution_api_apart`](super::Setup).
    ///
    /// # Errors
    /// When it is not kept apart, or its keeper is gone.
    pub fn kill_execution_api(&mut self) -> Result<()> {
        self.execution_apart()?.kill()
    }

    /// Starts it again on the same port, and waits until it listens.
    ///
    /// # Errors
    /// When it does not; the text holds the last lines of its log.
    pub fn start_execution_api(&mut self) -> Result<()> {
        self.execution_apart()?.start_again()?;
        let listens = self.wait_for_execution_api();
        let log = self.execution_apart()?.log();
        listens.context(log)
    }

    fn execution_apart(&mut self) -> Result<&mut ServerKeeper> {
        let apart = self.execution.as_mut();
        apart
            .map(|apart| &mut apart.0)
            .context("the API server of the workers is not kept apart")
    }
}
