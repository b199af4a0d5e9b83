//! Which database, and talking to it.

use std::path::{Path, PathBuf};

use aileron_local::Home;
use aileron_metastore::Metastore;
use aileron_metastore::database::Missing;

use crate::outcome::UsageError;

/// Which database.
#[derive(Debug, clap::Args)]
pub(crate) struct DatabaseArguments {
    /// The metadata database. [default: .aileron/airflow.db]
    #[arg(long, value_name = "PATH", global = true)]
    db: Option<PathBuf>,
}

impl DatabaseArguments {
    /// What `--db` says.
    pub(crate) fn given(&self) -> Option<String> {
        let path = self.db.as_ref()?;
        Some(path.to_string_lossy().into_owned())
    }

    /// Opens the database that is there. None is made.
    pub(crate) async fn open(&self) -> anyhow::Result<Metastore> {
        let path = match &self.db {
            Some(path) => path.clone(),
            None => Path::new(Home::NAME).join(Home::DATABASE),
        };
        if path.to_str().is_some_and(|path| path.contains("://")) {
            // Not shown: there may be a password in it.
            let problem = "--db takes the path of a SQLite file; a URL is not read yet";
            return Err(UsageError(problem.to_owned()).into());
        }
        Ok(Metastore::open(&path, Missing::Fail).await?)
    }
}

/// Waits for what talks to the database.
pub(crate) fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}
