//! Which database is served.

use std::path::{Path, PathBuf};

use aileron_config::Config;
use aileron_metastore::Metastore;
use aileron_metastore::database::PostgresOptions;
use anyhow::{Context as _, bail};

/// Which database is served.
#[derive(Debug, clap::Args)]
pub(crate) struct DatabaseArgument {
    /// The SQLite file of the metadata database. [default: what `[database] sql_alchemy_conn` says]
    ///
    /// A URL is not taken here, as it would show the password to everybody on this machine.
    #[arg(long, value_name = "PATH")]
    db: Option<PathBuf>,
    /// How many connections to PostgreSQL there are at most; requests wait for a free one
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    db_connections: u32,
}

impl DatabaseArgument {
    pub(crate) async fn open(&self, config: &Config) -> anyhow::Result<Metastore> {
        if let Some(path) = &self.db {
            return Ok(Metastore::attach(path).await?);
        }
        let Some(url) = config.get("database", "sql_alchemy_conn")? else {
            bail!(
                "[database] sql_alchemy_conn is not set: say which database in AIRFLOW__DATABASE__SQL_ALCHEMY_CONN, \
                 in airflow.cfg, or with --db"
            );
        };
        open(&url, self.db_connections)
            .await
            .context("the database of [database] sql_alchemy_conn")
    }
}

/// Opens what a URL of SQLAlchemy names. Errors do not show it: there may be a password in it.
async fn open(url: &str, max_connections: u32) -> anyhow::Result<Metastore> {
    let Some((scheme, rest)) = url.split_once("://") else {
        bail!("it is no URL");
    };
    match scheme.split('+').next().unwrap_or_default() {
        "sqlite" => {
            // Three slashes and a relative path, or four and an absolute one.
            let path = rest.strip_prefix('/').unwrap_or(rest);
            let path = path.split('?').next().unwrap_or_default();
            Ok(Metastore::attach(Path::new(path)).await?)
        }
        "postgresql" | "postgres" => {
            let options = PostgresOptions {
                max_connections,
                ..PostgresOptions::default()
            };
            Ok(Metastore::connect_with(url, &options).await?)
        }
        other => bail!("it is of {other}, and only PostgreSQL and SQLite are served"),
    }
}
