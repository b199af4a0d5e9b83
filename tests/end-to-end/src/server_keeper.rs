//! A server process that ends with its owner, whatever happens to it.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::Deadline;

const KEEPER: &str = include_str!("../python/server_keeper.py");

/// How many lines of a server's log an error shows.
const TAIL_LINES: usize = 20;

/// The keeper process (`python/server_keeper.py`) of one server. Dropping it ends the server and removes its directory.
#[derive(Debug)]
pub(crate) struct ServerKeeper {
    child: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    log: PathBuf,
}

impl ServerKeeper {
    /// Starts a server in a directory that is removed with it. Its log is the file `server.log` there.
    ///
    /// The keeper is run by this Python, and the server has its environment.
    ///
    /// # Errors
    /// When the Python does not run. A server that does not is only seen in its log.
    pub(crate) fn start(
        mut python: Command,
        user: Option<u32>,
        directory: &Path,
        command: &[String],
    ) -> Result<Self> {
        let log = directory.join("server.log");
        let mut child = python
            .args(["-c", KEEPER])
            .arg(user.map_or("-".to_owned(), |user| user.to_string()))
            .arg(directory)
            .arg(&log)
            .args(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {python:?}"))?;
        let commands = child.stdin.take();
        let answers = child
            .stdout
            .take()
            .context("the keeper has no standard output")?;
        Ok(Self {
            child,
            commands,
            answers: BufReader::new(answers),
            log,
        })
    }

    /// Ends the server and its children with SIGKILL; returns when none is left.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.command("kill")
    }

    /// Ends the server in order; returns when it has ended.
    pub(crate) fn stop(&mut self) -> Result<()> {
        self.command("stop")
    }

    /// Starts the server again.
    pub(crate) fn start_again(&mut self) -> Result<()> {
        self.command("start")
    }

    /// Makes the server and its children stand still: it is there, and answers nobody.
    pub(crate) fn pause(&mut self) -> Result<()> {
        self.command("pause")
    }

    /// Ends a pause.
    pub(crate) fn resume(&mut self) -> Result<()> {
        self.command("resume")
    }

    fn command(&mut self, command: &str) -> Result<()> {
        let commands = self.commands.as_mut().context("the keeper is gone")?;
        writeln!(commands, "{command}").context("the keeper does not read")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        ensure!(
            answer == "done\n",
            "the keeper said {answer:?} to {command}"
        );
        Ok(())
    }

    /// Everything that the server logged.
    pub(crate) fn whole_log(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&text).into_owned()
    }

    /// The last lines that the server logged, for an error text.
    pub(crate) fn log(&self) -> String {
        let text = self.whole_log();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }
}

impl Drop for ServerKeeper {
    fn drop(&mut self) {
        drop(self.commands.take());
        let ended = Deadline::after(Duration::from_secs(30))
            .wait_for("the keeper ends", || Ok(self.child.try_wait()?.map(|_| ())));
        if let Err(error) = ended {
            eprintln!("a server may be left over: {error}");
        }
    }
}
