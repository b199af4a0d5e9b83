//! Snippets in other languages than Rust and shell: read by the programs that are meant to read them.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use anyhow::{Context, Result, ensure};
use end_to_end::workspace_root;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::shell::{Shell, forget_the_machine};

/// Those that run, by their Python.
static READERS: Mutex<Option<HashMap<PathBuf, Reader>>> = Mutex::new(None);

/// A Python that has imported Airflow once, and forks for each snippet: `python/docs_snippet.py` says how it reads them.
struct Reader {
    child: Child,
    asked: ChildStdin,
    told: BufReader<ChildStdout>,
    // Airflow writes its configuration there.
    _home: TempDir,
}

#[derive(Serialize)]
struct Snippet<'a> {
    language: &'a str,
    text: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    /// What is wrong with it.
    error: Option<String>,
}

/// Has the Airflow of the page read a snippet.
pub(super) fn check(language: &str, text: &str, shell: &Shell) -> Result<()> {
    let python = shell.python()?;
    let mut readers = READERS.lock().expect("no page fails while it asks");
    let readers = readers.get_or_insert_default();
    let reader = match readers.remove(&python) {
        Some(reader) => reader,
        None => Reader::start(&python)?,
    };
    // One that does not answer is not asked again.
    let (reader, answer) = reader.ask(&Snippet { language, text })?;
    readers.insert(python, reader);
    let error = answer.error.unwrap_or_default();
    ensure!(
        error.is_empty(),
        "this {language} is not right: {error}\n{text}"
    );
    Ok(())
}

impl Reader {
    fn start(python: &Path) -> Result<Self> {
        let home = tempfile::tempdir()?;
        let mut command = Command::new(python);
        forget_the_machine(&mut command);
        let mut child = command
            .arg(workspace_root().join("tests/end-to-end/python/docs_snippet.py"))
            .env("AIRFLOW_HOME", home.path())
            .env("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        Ok(Self {
            asked: child.stdin.take().context("the child has an input")?,
            told: BufReader::new(child.stdout.take().context("the child has an output")?),
            child,
            _home: home,
        })
    }

    fn ask(mut self, snippet: &Snippet<'_>) -> Result<(Self, Answer)> {
        let asked = serde_json::to_string(snippet)?;
        writeln!(self.asked, "{asked}")?;
        let mut told = String::new();
        self.told.read_line(&mut told)?;
        let answer = serde_json::from_str(&told)
            .with_context(|| format!("the reader of snippets answered {told:?}"))?;
        Ok((self, answer))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
