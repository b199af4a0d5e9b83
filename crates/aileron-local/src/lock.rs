//! One `aileron run` at a time for each Dag run.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::home::Home;

/// A Dag run is ours until this is dropped, or until this process is gone, however it ends: the lock is the operating system's.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
    path: PathBuf,
}

/// Why a Dag run is not ours.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error(
        "run {run_id} of Dag {dag_id} is being run by {holder}; wait for it, or start another run with another --run-id"
    )]
    Held {
        /// The Dag.
        dag_id: String,
        /// The run.
        run_id: String,
        /// Who has it, for a person.
        holder: String,
    },
    /// The lock file cannot be used.
    #[error("cannot lock {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl RunLock {
    /// Takes a Dag run.
    ///
    /// # Errors
    /// When another process has it, or the lock file cannot be used.
    pub fn take(home: &Home, dag_id: &str, run_id: &str) -> Result<Self, LockError> {
        let path = home.locks().join(file_name(dag_id, run_id));
        let fail = |source| LockError::Io {
            path: path.clone(),
            source,
        };
        fs::create_dir_all(home.locks()).map_err(fail)?;
        let mut file = open(&path).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Whoever has it may not have said so yet.
                let _ = file.read_to_string(&mut holder);
                return Err(LockError::Held {
                    dag_id: dag_id.to_owned(),
                    run_id: run_id.to_owned(),
                    holder: match holder.trim() {
                        "" => "another process".to_owned(),
                        holder => holder.to_owned(),
                    },
                });
            }
            Err(TryLockError::Error(error)) => return Err(fail(error)),
        }
        file.set_len(0).map_err(fail)?;
        file.rewind().map_err(fail)?;
        writeln!(
            file,
            "process {} since {:.0}",
            std::process::id(),
            Timestamp::now()
        )
        .map_err(fail)?;
        Ok(Self {
            path: path.canonicalize().map_err(fail)?,
            _file: file,
        })
    }

    /// The file, by its full path. What the run starts carries it: see [`orphan`](crate::orphan).
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn open(path: &Path) -> io::Result<File> {
    File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}

/// Ids may hold what a file name may not, and may be longer than one: a digest stands for both.
fn file_name(dag_id: &str, run_id: &str) -> String {
    use sha2::{Digest as _, Sha256};
    let mut digest = Sha256::new();
    digest.update(dag_id.len().to_le_bytes());
    digest.update(dag_id);
    digest.update(run_id);
    let hex: String = digest.finalize()[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{hex}.lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_taken_by_one_at_a_time_and_its_holder_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path());
        let lock = RunLock::take(&home, "d", "r").unwrap();
        RunLock::take(&home, "d", "r/2").unwrap();
        let error = RunLock::take(&home, "d", "r").unwrap_err().to_string();
        assert!(
            error.contains(&format!("process {}", std::process::id())),
            "{error}"
        );
        drop(lock);
        RunLock::take(&home, "d", "r").unwrap();
    }
}
