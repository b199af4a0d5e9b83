//! What a probe yields.

use std::process::ExitStatus;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::Exec;
use super::stderr::Tail;
use crate::probe::{Line, Refusal};
use crate::{Failure, Limits, scrub};

/// How much of an output that is none of a probe is shown, in characters.
const SHOWN: usize = 200;

/// How long a command may take to end after it has closed its output.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// What a probe yields, while it runs. One line at a time is in memory.
#[derive(Debug)]
pub struct Rows {
    child: Child,
    stdout: BufReader<ChildStdout>,
    sent: JoinHandle<()>,
    stderr: Option<Tail>,
    line: Vec<u8>,
    count: u64,
    ended: bool,
    place: String,
    command: String,
    limits: Limits,
}

/// One value that a probe yielded.
#[derive(Debug)]
pub struct Row {
    json: Box<RawValue>,
    place: String,
}

impl Row {
    /// The value.
    ///
    /// # Errors
    /// [`Failure::Output`] when it is not what the caller knows.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_str(self.json.get()).map_err(|error| Failure::Output {
            place: self.place.clone(),
            problem: format!("a row of the probe is not as expected: {error}"),
        })
    }

    /// Its JSON text.
    #[must_use]
    pub fn json(&self) -> &str {
        self.json.get()
    }
}

impl Rows {
    pub(super) fn new(
        mut child: Child,
        sent: JoinHandle<()>,
        stderr: Tail,
        exec: &Exec,
        limits: &Limits,
    ) -> Self {
        let stdout = child.stdout.take().expect("standard output is a pipe");
        Self {
            child,
            stdout: BufReader::with_capacity(64 * 1024, stdout),
            sent,
            stderr: Some(stderr),
            line: Vec::new(),
            count: 0,
            ended: false,
            place: exec.place().to_owned(),
            command: scrub(&exec.command().join(" ")).into_owned(),
            limits: limits.clone(),
        }
    }

    /// The next value; `None` when the probe has ended in order.
    ///
    /// # Errors
    /// Each [`Failure`] that a probe can have. What came before is good, and it is not all.
    pub async fn next(&mut self) -> Result<Option<Row>, Failure> {
        if self.ended {
            return Ok(None);
        }
        self.line.clear();
        let read = self.stdout.read_until(b'\n', &mut self.line);
        let Ok(read) = timeout(self.limits.silence, read).await else {
            return Err(self.silence().await);
        };
        match read {
            Ok(0) => return Err(self.ended_early().await),
            Ok(_) => {}
            Err(error) => return Err(self.output(format!("its output cannot be read: {error}"))),
        }
        match Line::read(&self.line) {
            Some(Line::Row(json)) => {
                self.count += 1;
                Ok(Some(Row {
                    json,
                    place: self.place.clone(),
                }))
            }
            Some(Line::End(count)) if count == self.count => {
                self.ended = true;
                Ok(None)
            }
            Some(Line::End(count)) => {
                let problem = format!(
                    "{} of {count} rows came; some were lost on the way",
                    self.count
                );
                Err(self.output(problem))
            }
            Some(Line::Failed(refusal)) => {
                self.ended = true;
                Err(self.refused(refusal))
            }
            None => Err(self.foreign_line().await),
        }
    }

    async fn silence(&mut self) -> Failure {
        let _ = self.child.start_kill();
        let hint = match self.count {
            0 => "; is the way there open? --timeout allows more",
            _ => "; --timeout allows more",
        };
        Failure::Silence {
            place: self.place.clone(),
            limit: self.limits.silence,
            hint,
        }
    }

    /// The command has closed its output, and the probe has not said that it ended.
    async fn ended_early(&mut self) -> Failure {
        let status = match timeout(ENDS_WITHIN, self.child.wait()).await {
            Ok(Ok(status)) => status,
            _ => return self.output("its output ended before the probe did".to_owned()),
        };
        if status.success() {
            return self.output(match self.count {
                0 => "it printed nothing, so the probe did not run; does the command pass standard input on? \
                      `docker exec` and `kubectl exec` need -i"
                    .to_owned(),
                count => format!("its output ended after {count} rows, before the probe did"),
            });
        }
        self.exec(status).await
    }

    async fn exec(&mut self, status: ExitStatus) -> Failure {
        let mut stderr = self.stderr().await;
        if status.code() == Some(127) || (status.code() == Some(126) && stderr.contains("python")) {
            stderr.push_str("; there is no such Python there: end the command with the path of one that has SQLAlchemy");
        }
        Failure::Exec {
            command: self.command.clone(),
            status,
            stderr,
        }
    }

    async fn stderr(&mut self) -> String {
        match self.stderr.take() {
            // A grandchild may keep it open.
            Some(tail) => timeout(ENDS_WITHIN, tail.text()).await.unwrap_or_default(),
            None => String::new(),
        }
    }

    /// A line that no probe prints. When the command then fails by itself, that is the better message.
    async fn foreign_line(&mut self) -> Failure {
        let text = String::from_utf8_lossy(&self.line).trim().to_owned();
        let shown: String = scrub(&text).chars().take(SHOWN).collect();
        self.output(format!(
            "what came back is not the answer of the probe but {shown:?}"
        ))
    }

    fn output(&self, problem: String) -> Failure {
        Failure::Output {
            place: self.place.clone(),
            problem,
        }
    }

    fn refused(&self, refusal: Refusal) -> Failure {
        let (place, problem) = (self.place.clone(), scrub(&refusal.message).into_owned());
        match refusal.kind.as_str() {
            "missing-variable" => Failure::NoConnectionString { place, problem },
            "timeout" => Failure::StatementTimeout {
                place,
                limit: self.limits.statement,
            },
            "database" => Failure::Database { place, problem },
            "import" => Failure::Probe {
                place,
                problem: format!(
                    "{problem}: the Python there is not the one that Airflow runs in, or the container is another"
                ),
            },
            _ => Failure::Probe { place, problem },
        }
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        self.sent.abort();
    }
}
