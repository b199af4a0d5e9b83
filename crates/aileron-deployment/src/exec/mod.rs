//! A command that leads to a Python elsewhere.

mod rows;
mod stderr;
mod words;

use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

pub use rows::{Row, Rows};
use stderr::Tail;
pub(crate) use words::words;

use crate::{Failure, Limits, Probe, scrub};

/// The Python that is asked for when a command does not name one.
const PYTHON: &str = "python3";

/// A command that leads to a Python elsewhere: what stands before `python3 -`.
///
/// The program comes in through standard input, so no argument needs quoting, whatever shells are on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exec {
    command: Vec<String>,
    place: String,
}

impl Exec {
    /// Reads a command as a shell would split it, such as `docker exec -i scheduler` or `ssh host`. `python3 -` is added; a command
    /// that ends with a Python, such as `ssh host /opt/airflow/bin/python`, names it.
    ///
    /// # Errors
    /// When nothing is in it, or a quote is not closed.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        match shlex::split(text) {
            Some(words) if !words.is_empty() => Ok(Self::new(words)),
            Some(_) => Err(Failure::Setting("--exec is empty".to_owned())),
            None => Err(Failure::Setting(format!(
                "--exec {text:?} has a quote that is not closed"
            ))),
        }
    }

    /// The same from words. `words` must have at least one.
    #[must_use]
    pub fn new(words: Vec<String>) -> Self {
        let place = words.join(" ");
        Self::named(words, place)
    }

    /// A command whose errors name the place otherwise.
    pub(crate) fn named(mut words: Vec<String>, place: String) -> Self {
        if !words.last().is_some_and(|word| is_python(word)) {
            words.push(PYTHON.to_owned());
        }
        words.push("-".to_owned());
        Self {
            command: words,
            // Somebody may have written a password into the command.
            place: scrub(&place).into_owned(),
        }
    }

    /// How errors name the place.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The whole command.
    #[must_use]
    pub fn command(&self) -> &[String] {
        &self.command
    }

    /// Runs a probe there. What it yields comes from the [`Rows`]; dropping them ends the command.
    ///
    /// # Errors
    /// [`Failure::NotStarted`] when the command cannot be run here. All that happens later comes from the rows.
    pub async fn run(
        &self,
        probe: &Probe,
        request: &Value,
        limits: &Limits,
    ) -> Result<Rows, Failure> {
        let program = &self.command[0];
        let mut child = Command::new(program)
            .args(&self.command[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| Failure::NotStarted {
                program: program.clone(),
                source,
            })?;
        let text = probe.program(request, limits);
        let mut stdin = child.stdin.take().expect("standard input is a pipe");
        // A command that does not read its input says why when it ends.
        let sent = tokio::spawn(async move {
            let _ = stdin.write_all(text.as_bytes()).await;
            let _ = stdin.shutdown().await;
        });
        let stderr = Tail::follow(child.stderr.take().expect("standard error is a pipe"));
        Ok(Rows::new(child, sent, stderr, self, limits))
    }
}

fn is_python(word: &str) -> bool {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    let version = name.strip_prefix("python");
    version.is_some_and(|version| {
        version
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
    })
}

#[cfg(test)]
mod tests {
    use super::Exec;

    #[test]
    fn a_python_is_added_unless_the_command_names_one() {
        for (text, command) in [
            ("docker exec -i sched", "docker exec -i sched python3 -"),
            ("python3", "python3 -"),
            (
                "ssh host '/opt/air flow/bin/python3.11'",
                "ssh host /opt/air flow/bin/python3.11 -",
            ),
            ("ssh python-host", "ssh python-host python3 -"),
        ] {
            assert_eq!(Exec::parse(text).unwrap().command().join(" "), command);
        }
        for text in ["", "  ", "ssh 'host"] {
            assert_eq!(Exec::parse(text).unwrap_err().exit_code(), 2, "{text}");
        }
    }
}
