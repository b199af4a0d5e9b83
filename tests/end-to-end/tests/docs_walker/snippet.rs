//! Snippets in other languages than Rust and shell: read by the programs that are meant to read them.

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use end_to_end::workspace_root;

use super::shell::{Shell, forget_the_machine};

/// Has the Airflow of the page read a snippet: `python/docs_snippet.py` says how.
pub(super) fn check(language: &str, text: &str, shell: &Shell) -> Result<()> {
    let home = tempfile::tempdir()?;
    let mut python = Command::new(shell.python()?);
    forget_the_machine(&mut python);
    let mut child = python
        .arg(workspace_root().join("tests/end-to-end/python/docs_snippet.py"))
        .arg(language)
        .env("AIRFLOW_HOME", home.path())
        .env("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    child
        .stdin
        .take()
        .context("the child has an input")?
        .write_all(text.as_bytes())?;
    let output = child.wait_with_output()?;
    ensure!(
        output.status.success(),
        "this {language} is not right: {}\n{text}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
