//! The shell in which a page is walked.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use end_to_end::{Airflow, AirflowVersion, Setup, build_like_the_workspace, workspace_root};

use super::commands;

/// Longest time for one command, in seconds; the longest builds the `aileron` command.
const LIMIT: &str = "900";

/// A command that takes longer is named, for whoever wonders where the time goes.
const SLOW: Duration = Duration::from_secs(10);

/// Before each command: the state that the command before left. `adopt DIR` makes a new project use the dependencies that
/// are compiled already. `await_row QUERY` waits for a row in the database of the page's Airflow: `airflow` takes seconds to look.
const BEFORE: &str = r#"
await_row() { timeout 120 python -c '
import os, sqlite3, sys, time
place = "file:" + os.environ["AIRFLOW_HOME"] + "/airflow.db?mode=ro"
while not sqlite3.connect(place, uri=True, timeout=30).execute(sys.argv[1]).fetchone():
    time.sleep(0.2)
' "$1"; }
adopt() { cp "$WORKSPACE/Cargo.lock" "$1/" && ln -s "$SHARED_TARGET" "$1/target"; }
exec 2>&1
[ ! -f "$STATE/variables" ] || . "$STATE/variables"
cd "$(cat "$STATE/directory")"
"#;

/// After each command: the state for the next one.
const AFTER: &str = r#"
status=$?
pwd > "$STATE/directory"
export -p > "$STATE/variables"
exit $status
"#;

/// What a command did.
pub(super) struct Ran {
    pub(super) succeeded: bool,
    /// Standard output and standard error.
    pub(super) output: String,
}

/// A scratch directory, and commands run in it one after the other: directory and exported variables stay.
pub(super) struct Shell {
    // Ended before the directory is removed.
    airflow: Option<Airflow>,
    version: AirflowVersion,
    directory: tempfile::TempDir,
    state: tempfile::TempDir,
    variables: Vec<(&'static str, OsString)>,
}

impl Shell {
    pub(super) fn new() -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("aileron-docs-").tempdir()?;
        let state = tempfile::tempdir()?;
        fs::write(
            state.path().join("directory"),
            directory.path().as_os_str().as_encoded_bytes(),
        )?;
        let target = build_like_the_workspace(directory.path())?;
        // What another page packed must not stand in for what this page forgot to pack.
        let _ = fs::remove_dir_all(target.join("bundles"));
        let mut shell = Self {
            airflow: None,
            version: AirflowVersion::V3_3_2,
            variables: vec![
                ("WORKSPACE", workspace_root().into()),
                ("SHARED_TARGET", target.into()),
                ("STATE", state.path().into()),
                ("NO_COLOR", "1".into()),
                ("CARGO_TERM_COLOR", "never".into()),
                ("AIRFLOW__CORE__LOAD_EXAMPLES", "False".into()),
            ],
            directory,
            state,
        };
        shell.put_on_path(commands::aileron()?)?;
        Ok(shell)
    }

    /// Gives the next commands an Airflow; a running one has its home in the scratch directory.
    pub(super) fn use_airflow(&mut self, version: AirflowVersion, running: bool) -> Result<()> {
        let python = version.python()?;
        let home = self.directory.path().join("airflow");
        if running {
            self.airflow = Some(Setup::new(version).home(&home).start()?);
        }
        self.version = version;
        self.put_on_path(&python)?;
        self.run(&format!("export AIRFLOW_HOME='{}'", home.display()))?;
        Ok(())
    }

    /// Puts the directory of an executable first on the path.
    fn put_on_path(&mut self, executable: &Path) -> Result<()> {
        let directory = executable
            .parent()
            .context("an executable has a directory")?;
        self.run(&format!("export PATH='{}':\"$PATH\"", directory.display()))?;
        Ok(())
    }

    /// The Python with the Airflow that the page is about.
    pub(super) fn python(&self) -> Result<PathBuf> {
        self.version.python()
    }

    /// The last lines of the logs of a running Airflow, for an error text.
    pub(super) fn airflow_logs(&self) -> String {
        let logs = self.airflow.as_ref().map(Airflow::component_logs);
        logs.unwrap_or_else(|| "no Airflow is running".to_owned())
    }

    /// Writes a file of the scratch directory.
    pub(super) fn write(&self, path: &Path, text: &str) -> Result<()> {
        let path = self.directory.path().join(path);
        let parent = path.parent().context("a file lies in a directory")?;
        fs::create_dir_all(parent)?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Runs a command line of bash.
    pub(super) fn run(&mut self, line: &str) -> Result<Ran> {
        let mut bash = Command::new("timeout");
        bash.args([LIMIT, "bash", "-c"])
            .arg(format!("{BEFORE}\n{line}\n{AFTER}"))
            .stdin(Stdio::null())
            .stderr(Stdio::inherit());
        forget_the_machine(&mut bash);
        bash.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let begun = Instant::now();
        let output = bash.output().context("cannot run bash")?;
        let took = begun.elapsed();
        if took > SLOW {
            eprintln!("slow: {:.0} s for {line}", took.as_secs_f64());
        }
        ensure!(
            self.state.path().join("directory").is_file(),
            "the scratch directory is gone"
        );
        if let Some(airflow) = &mut self.airflow {
            airflow.check_alive()?;
        }
        Ok(Ran {
            succeeded: output.status.success(),
            output: String::from_utf8(output.stdout).context("the output is not UTF-8")?,
        })
    }
}

/// Takes away what the environment of this test run says about Airflow, Python and cargo, its target directory for instance.
pub(super) fn forget_the_machine(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        // Where cargo keeps what it has downloaded, and how it compiles: with another answer it would compile all that is there already.
        let is_foreign = ["AIRFLOW", "PYTHON", "CARGO_"]
            .iter()
            .any(|begin| text.starts_with(begin))
            && text != "CARGO_HOME"
            && text != "CARGO_INCREMENTAL";
        if is_foreign {
            command.env_remove(&name);
        }
    }
}
