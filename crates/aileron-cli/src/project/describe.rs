//! Asking an executable for its manifest.

use std::io::{self, Read as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use aileron_bundle::manifest::Manifest;
use anyhow::{Context as _, anyhow, bail};

/// How long an executable may take to print its manifest. It does so in milliseconds; one that takes longer is not ours.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a running executable is looked at.
const POLL: Duration = Duration::from_millis(5);

/// What the executable is asked.
const QUESTION: &str = "--airflow-metadata --format json";

/// Runs the executable and reads the manifest it prints. Its stderr passes through.
pub(crate) fn ask(executable: &Path) -> anyhow::Result<Manifest> {
    let (status, stdout) = run(executable)?;
    if !status.success() {
        bail!(
            "`{} {QUESTION}` failed ({status}); is it an aileron program that ends its main with `aileron::serve`?",
            executable.display()
        );
    }
    Manifest::from_json(&stdout).with_context(|| {
        format!(
            "`{} {QUESTION}` did not print a manifest; does the program print to stdout itself?",
            executable.display()
        )
    })
}

fn run(executable: &Path) -> anyhow::Result<(ExitStatus, String)> {
    // A bare name would be looked up in PATH.
    let path = executable
        .canonicalize()
        .with_context(|| format!("cannot open {}", executable.display()))?;
    let mut child = Command::new(path)
        .args(["--airflow-metadata", "--format", "json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| cannot_run(executable, &error))?;
    let mut pipe = child
        .stdout
        .take()
        .context("the executable's output was not captured")?;
    let reader = thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).map(|_| bytes)
    });
    let status = wait(&mut child, executable)?;
    let bytes = reader
        .join()
        .map_err(|_| anyhow!("reading the manifest failed"))?
        .context("cannot read the manifest")?;
    let stdout = String::from_utf8(bytes).map_err(|_| {
        anyhow!(
            "`{} {QUESTION}` printed bytes that are not UTF-8",
            executable.display()
        )
    })?;
    Ok((status, stdout))
}

fn wait(child: &mut Child, executable: &Path) -> anyhow::Result<ExitStatus> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().context("cannot wait for the executable")? {
            return Ok(status);
        }
        if Instant::now() >= deadline {
            // The process may have ended this very moment; then there is nothing to kill.
            let _ = child.kill();
            let _ = child.wait();
            bail!(
                "`{} {QUESTION}` did not end within {} seconds; is it an aileron program?",
                executable.display(),
                PATIENCE.as_secs()
            );
        }
        thread::sleep(POLL);
    }
}

fn cannot_run(executable: &Path, error: &io::Error) -> anyhow::Error {
    anyhow!(
        "cannot run {} to ask for its Dags: {error}; when it is made for another machine, run it there with \
         `--airflow-metadata` and pass what it prints with --airflow-metadata FILE",
        executable.display()
    )
}
