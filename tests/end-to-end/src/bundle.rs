//! Building and packing this workspace's own bundles.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::workspace_root;

/// The environment variable that names a file with the executables that [`build_all`] has built.
pub const EXECUTABLES_FILE: &str = "AILERON_EXECUTABLES";

/// A bundle made from a package of this workspace.
#[derive(Debug)]
pub struct Built {
    /// The bundle file.
    pub bundle: PathBuf,
    /// The executable it was packed from.
    pub executable: PathBuf,
    /// The `aileron` command that packed it.
    pub aileron: PathBuf,
    // Holds the bundle file until the end.
    _directory: tempfile::TempDir,
}

impl Built {
    /// Builds a package's executable of the same name and packs it with this workspace's `aileron` command.
    ///
    /// It is built like the tests are (no release build): the first run of the tests should not compile everything twice.
    ///
    /// # Errors
    /// When it does not compile (the compiler's messages go to standard error) or cannot be packed.
    pub fn package(name: &str) -> Result<Self> {
        Self::pack(name, &[])
    }

    /// The same, packed for an Airflow release (`3.4`).
    ///
    /// # Errors
    /// As [`Self::package`].
    pub fn package_for(name: &str, release: &str) -> Result<Self> {
        Self::pack(name, &["--airflow", release])
    }

    fn pack(name: &str, more: &[&str]) -> Result<Self> {
        let [aileron, executable] = build([("aileron-cli", "aileron"), (name, name)])?;
        let directory = tempfile::Builder::new()
            .prefix("aileron-bundle-")
            .tempdir()?;
        let bundle = directory.path().join(name);
        let output = Command::new(&aileron.file)
            .arg("pack")
            .arg("--executable")
            .arg(&executable.file)
            .arg("--source")
            .arg(&executable.source)
            .arg("--output")
            .arg(&bundle)
            .args(more)
            .output()
            .with_context(|| format!("cannot run {}", aileron.file.display()))?;
        ensure!(
            output.status.success(),
            "aileron pack failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(Self {
            bundle,
            executable: executable.file,
            aileron: aileron.file,
            _directory: directory,
        })
    }

    /// Writes the Python stub Dags of the bundle with `aileron stub`.
    ///
    /// # Errors
    /// When the command fails.
    pub fn write_stub(&self, target: &Path) -> Result<()> {
        self.write_stub_with(target, &[])
    }

    /// The same, with more flags.
    ///
    /// # Errors
    /// When the command fails.
    pub fn write_stub_with(&self, target: &Path, flags: &[&str]) -> Result<()> {
        let output = Command::new(&self.aileron)
            .arg("stub")
            .arg(&self.bundle)
            .arg("--output")
            .arg(target)
            .args(flags)
            .output()?;
        ensure!(
            output.status.success(),
            "aileron stub failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }
}

/// Builds an executable of this workspace and says where it is.
///
/// # Errors
/// When it does not compile.
pub fn executable(package: &str, name: &str) -> Result<PathBuf> {
    let [executable] = build([(package, name)])?;
    Ok(executable.file)
}

/// The cargo that runs this program, or the one in the path.
///
/// What a running cargo says of its package is kept from it: build scripts look at that (`ring` does), and would build half of
/// the dependencies anew each time.
pub fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    cargo
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Artifact {
    file: PathBuf,
    source: PathBuf,
}

/// The executables that tests ask for.
const EXECUTABLES: [&str; 8] = [
    "aileron",
    "chaos",
    "job-service",
    "local",
    "orders",
    "resumable",
    "scenarios",
    "taskflow",
];

/// Builds everything that the tests may ask for, so that nothing is built while they run, and nobody waits for a cargo that is building
/// something else. Returns the file for [`EXECUTABLES_FILE`].
///
/// # Errors
/// When it does not compile; the compiler's messages go to standard error.
pub fn build_all() -> Result<PathBuf> {
    let messages = compile(&EXECUTABLES)?;
    let built: BTreeMap<&str, Artifact> = EXECUTABLES
        .into_iter()
        .map(|name| Ok((name, artifact(&messages, name)?)))
        .collect::<Result<_>>()?;
    let directory = built["aileron"].file.parent().and_then(Path::parent);
    let file = directory
        .context("cargo's target directory has two levels")?
        .join("executables.json");
    fs::write(&file, serde_json::to_vec(&built)?)?;
    Ok(file)
}

/// What [`build_all`] has built, where somebody has called it.
fn built() -> Result<BTreeMap<String, Artifact>> {
    let Some(file) = std::env::var_os(EXECUTABLES_FILE) else {
        return Ok(BTreeMap::new());
    };
    let text = fs::read(&file)
        .with_context(|| format!("{EXECUTABLES_FILE}: cannot read {}", file.display()))?;
    Ok(serde_json::from_slice(&text)?)
}

/// Builds executables, each given as package and name.
fn build<const N: usize>(wanted: [(&str, &str); N]) -> Result<[Artifact; N]> {
    let names = wanted.map(|(_, name)| name);
    let ready = built()?;
    let ready: Option<Vec<&Artifact>> = names.iter().map(|name| ready.get(*name)).collect();
    let artifacts: Vec<Artifact> = match ready {
        Some(ready) => ready.into_iter().cloned().collect(),
        None => {
            let messages = compile(&names)?;
            let artifacts = names.iter().map(|name| artifact(&messages, name));
            artifacts.collect::<Result<_>>()?
        }
    };
    artifacts
        .try_into()
        .map_err(|_| anyhow::anyhow!("cargo built another number of executables"))
}

/// What cargo says of its build of executables.
///
/// It is asked for the whole workspace. For single packages the features of what they share are others: that is compiled once
/// more for each choice of them, and replaces a command that another test may be starting.
fn compile(names: &[&str]) -> Result<Vec<Value>> {
    let mut cargo = cargo();
    cargo
        .current_dir(workspace_root())
        .args(["build", "--workspace"])
        .arg("--message-format=json-render-diagnostics");
    for name in names {
        cargo.args(["--bin", name]);
    }
    let output = cargo
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    ensure!(
        output.status.success(),
        "{cargo:?} failed with {}",
        output.status
    );
    let messages = String::from_utf8(output.stdout)?;
    Ok(messages
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect())
}

fn artifact(messages: &[Value], name: &str) -> Result<Artifact> {
    let message = messages
        .iter()
        .find(|message| message["executable"].is_string() && message["target"]["name"] == name)
        .with_context(|| format!("cargo built no executable {name}"))?;
    let path = |value: &Value| {
        value
            .as_str()
            .map(PathBuf::from)
            .context("cargo named no path")
    };
    Ok(Artifact {
        file: path(&message["executable"])?,
        source: path(&message["target"]["src_path"])?,
    })
}
