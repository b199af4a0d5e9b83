//! Whether something may be changed.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use anyhow::bail;

use super::database::{Access, DatabaseArguments, Opened};
use crate::outcome::UsageError;

/// Whether something may be changed.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct WriteArguments {
    /// Allow to change the database of an Airflow. That of `aileron run` needs no permission.
    #[arg(long)]
    write: bool,
    /// Do not ask before something is changed.
    #[arg(long, short)]
    yes: bool,
}

impl WriteArguments {
    /// For what takes back all that it changed.
    pub(crate) const ALLOWED: Self = Self {
        write: true,
        yes: true,
    };

    /// Opens the database to change it, if that is allowed.
    pub(crate) async fn open(self, database: &DatabaseArguments) -> anyhow::Result<Opened> {
        // What is only looked at is opened so that nothing can be changed.
        let access = if self.write {
            Access::Write
        } else {
            Access::Read
        };
        let opened = database.open(access).await?;
        if opened.embedded || self.write {
            return Ok(opened);
        }
        Err(UsageError(format!(
            "{} is the database of an Airflow: nothing in it is changed without --write",
            opened.store.database().name()
        ))
        .into())
    }

    /// Asks whether to do it, on a terminal. `what` is a sentence without its end: `delete 3 values`.
    ///
    /// A script that works on the file of `aileron run` is not asked.
    pub(crate) fn ask(self, embedded: bool, place: &str, what: &str) -> anyhow::Result<()> {
        if self.yes {
            return Ok(());
        }
        if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
            if embedded {
                return Ok(());
            }
            return Err(UsageError(format!(
                "there is no terminal to ask on whether to {what} in {place}; say --yes"
            ))
            .into());
        }
        let mut stderr = std::io::stderr().lock();
        write!(stderr, "{what} in {place}? [y/N] ")?;
        stderr.flush()?;
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer)?;
        match answer.trim().to_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => bail!("nothing was changed"),
        }
    }
}
