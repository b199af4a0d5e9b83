//! The directory of one Airflow: Dags, bundles, database, logs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::keeper::airflow_command;

/// How many lines of each component's log an error shows.
const TAIL_LINES: usize = 40;

#[derive(Debug)]
pub(super) struct Home {
    path: PathBuf,
    temporary: bool,
}

impl Home {
    /// Makes `path`, or a temporary directory.
    pub(super) fn create(path: Option<&Path>) -> Result<Self> {
        let home = match path {
            Some(path) => {
                fs::create_dir_all(path)
                    .with_context(|| format!("cannot make {}", path.display()))?;
                let path = path.canonicalize()?;
                Self {
                    path,
                    temporary: false,
                }
            }
            None => {
                let directory = tempfile::Builder::new()
                    .prefix("aileron-airflow-")
                    .tempdir()?;
                let temporary = std::env::var_os("AILERON_KEEP_HOME").is_none();
                Self {
                    path: directory.keep(),
                    temporary,
                }
            }
        };
        for directory in [home.dags(), home.bundles()] {
            fs::create_dir_all(directory)?;
        }
        Ok(home)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn temporary(&self) -> bool {
        self.temporary
    }

    pub(super) fn dags(&self) -> PathBuf {
        self.path.join("dags")
    }

    pub(super) fn bundles(&self) -> PathBuf {
        self.path.join("bundles")
    }

    pub(super) fn place_dags(&self, sources: &[PathBuf]) -> Result<()> {
        for source in sources {
            for file in python_files(source)? {
                copy_into(&file, &self.dags())?;
            }
        }
        Ok(())
    }

    pub(super) fn place_bundles(&self, sources: &[PathBuf]) -> Result<()> {
        for source in sources {
            let placed = copy_into(source, &self.bundles())?;
            // Airflow 3.3 only looks at files with the run bit.
            fs::set_permissions(&placed, fs::Permissions::from_mode(0o755))?;
        }
        Ok(())
    }

    /// Makes the metadata database: a copy of the one that lies ready beside the Python, or else a new one.
    pub(super) fn prepare_database(
        &self,
        python: &Path,
        variables: &[(String, String)],
    ) -> Result<()> {
        let database = self.path.join("airflow.db");
        if database.exists() {
            return Ok(());
        }
        let ready = python
            .parent()
            .and_then(Path::parent)
            .map(|environment| environment.join("metadata.db"));
        if let Some(ready) = ready.filter(|ready| ready.is_file()) {
            fs::copy(&ready, &database)
                .with_context(|| format!("cannot copy {}", ready.display()))?;
            return Ok(());
        }
        migrate(python, variables)
    }

    /// The last lines of every `*.log` file at the top of the home.
    pub(super) fn component_logs(&self) -> String {
        let mut text = format!("Airflow in {}", self.path.display());
        let mut logs: Vec<PathBuf> = fs::read_dir(&self.path)
            .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
            .unwrap_or_default();
        logs.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
        logs.sort();
        for log in logs {
            let content = fs::read(&log)
                .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                .unwrap_or_default();
            text.push_str(&format!("\n--- {}\n{}", log.display(), tail(&content)));
        }
        text
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if self.temporary {
            // The keeper has usually removed it already.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Makes an empty metadata database with this Python's Airflow.
///
/// Lying as `metadata.db` in the environment's directory, it saves every Airflow that is started the migrations.
///
/// # Errors
/// When Airflow fails; the text holds the last lines it printed.
pub fn create_database(python: &Path, target: &Path) -> Result<()> {
    let home = Home::create(None)?;
    let variables = [
        ("AIRFLOW_HOME".to_owned(), home.path.display().to_string()),
        (
            "AIRFLOW__CORE__LOAD_EXAMPLES".to_owned(),
            "False".to_owned(),
        ),
    ];
    migrate(python, &variables)?;
    fs::copy(home.path.join("airflow.db"), target)
        .with_context(|| format!("cannot make {}", target.display()))?;
    Ok(())
}

/// Runs `airflow db migrate`.
pub(crate) fn migrate(python: &Path, variables: &[(String, String)]) -> Result<()> {
    let mut migrate = airflow_command(python, variables)?;
    let output = migrate
        .args(["db", "migrate"])
        .output()
        .context("cannot run `airflow db migrate`")?;
    ensure!(
        output.status.success(),
        "`airflow db migrate` failed with {}:\n{}",
        output.status,
        tail(&String::from_utf8_lossy(&output.stderr))
    );
    Ok(())
}

fn python_files(source: &Path) -> Result<Vec<PathBuf>> {
    if source.is_file() {
        return Ok(vec![source.to_owned()]);
    }
    let entries = fs::read_dir(source)
        .with_context(|| format!("cannot read the Dags in {}", source.display()))?;
    let mut files: Vec<PathBuf> = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "py"));
    Ok(files)
}

fn copy_into(file: &Path, directory: &Path) -> Result<PathBuf> {
    let name = file
        .file_name()
        .with_context(|| format!("{} has no file name", file.display()))?;
    let target = directory.join(name);
    fs::copy(file, &target)
        .with_context(|| format!("cannot copy {} to {}", file.display(), target.display()))?;
    Ok(target)
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}
