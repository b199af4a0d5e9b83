//! The directory where runs leave what they know.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Where `aileron run` keeps its database, logs and locks: `.aileron/` by default.
///
/// ```text
/// .aileron/.gitignore       so that none of it is committed
/// .aileron/airflow.db       the metadata database, of Airflow's own schema
/// .aileron/logs/dag_id=../  the logs of the tasks, in Airflow's layout
/// .aileron/locks/           one file for each run that was ever started
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    dir: PathBuf,
}

/// Why the directory cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot make {}: {source}; say another place with --db", path.display())]
pub struct HomeError {
    path: PathBuf,
    source: io::Error,
}

impl Home {
    /// The name of the directory.
    pub const NAME: &'static str = ".aileron";
    /// The name of the database in it.
    pub const DATABASE: &'static str = "airflow.db";

    /// The directory at this path.
    #[must_use]
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The directory that a database lies in.
    #[must_use]
    pub fn of_database(path: &Path) -> Self {
        Self::at(match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        })
    }

    /// The directory itself.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.dir.join(Self::DATABASE)
    }

    /// The logs of all tasks: what `[logging] base_log_folder` is to Airflow.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.dir.join("logs")
    }

    /// The locks of runs.
    #[must_use]
    pub fn locks(&self) -> PathBuf {
        self.dir.join("locks")
    }

    /// Makes the directory. One that is named [`NAME`](Self::NAME) gets a `.gitignore` for all that is in it; another one may have
    /// files in it that somebody wants to commit.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(&self) -> Result<(), HomeError> {
        let fail = |path: &Path| {
            let path = path.to_owned();
            |source| HomeError { path, source }
        };
        fs::create_dir_all(&self.dir).map_err(fail(&self.dir))?;
        if self.dir.file_name().is_some_and(|name| name == Self::NAME) {
            let ignore = self.dir.join(".gitignore");
            match fs::File::create_new(&ignore) {
                Ok(mut file) => file.write_all(b"*\n").map_err(fail(&ignore))?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(fail(&ignore)(error)),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_it_is_committed_unless_somebody_said_so() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path().join(Home::NAME));
        home.create().unwrap();
        let ignore = home.dir().join(".gitignore");
        assert_eq!(fs::read_to_string(&ignore).unwrap(), "*\n");
        fs::write(&ignore, "logs\n").unwrap();
        home.create().unwrap();
        assert_eq!(fs::read_to_string(&ignore).unwrap(), "logs\n");
    }

    #[test]
    fn a_directory_of_another_name_is_left_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::of_database(&dir.path().join("mine.db"));
        home.create().unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        assert_eq!(
            Home::of_database(Path::new("mine.db")).dir(),
            Path::new(".")
        );
    }
}
