//! The metadata database of an Airflow: what `--db` names, or what Airflow's configuration does.

use aileron_config::Config;
use aileron_metastore::{EnvironmentSecrets, Metastore, Settings};

use crate::stored::{Access, DatabaseArguments};

/// Opens the database of `--db`; without it that of `[database] sql_alchemy_conn`, and when that is not set that of `aileron run`.
pub(super) async fn open(
    arguments: &DatabaseArguments,
    config: &Config,
    access: Access,
) -> anyhow::Result<Metastore> {
    let configured = config.get("database", "sql_alchemy_conn")?;
    let opened = arguments.open_or(configured, access).await?;
    let mut settings = Settings::of(config)?;
    settings.secrets = EnvironmentSecrets::of_process();
    Ok(opened.store.with_settings(settings))
}
