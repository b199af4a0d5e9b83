//! The base path of the object-storage backend, and opening its store.

use aileron_config::Config;
use aileron_execution_api::ExecutionApi as _;
use aileron_flip::{Base, BaseName};
use aileron_metastore::Metastore;
use aileron_object_storage::{Account, Location};
use aileron_uri::ConnectionFields;
use aileron_xcom::storage::{ObjectStorage, Settings};
use anyhow::Context as _;
use uuid::Uuid;

use super::metadata;
use crate::outcome::UsageError;
use crate::stored::{Access, DatabaseArguments};

/// The base path, as text.
#[derive(Debug, clap::Args)]
pub(super) struct BaseText {
    /// The base path of offloaded XComs, `s3://CONN_ID@BUCKET/PREFIX`. [default: what `[common.io] xcom_objectstorage_path` says]
    #[arg(long, value_name = "URL")]
    base: Option<String>,
}

impl BaseText {
    /// The base path, if there is one.
    pub(super) fn location(&self, config: &Config) -> anyhow::Result<Option<Location>> {
        let (text, name) = match &self.base {
            Some(base) => (Some(base.clone()), "--base"),
            None => (
                config.get("common.io", "xcom_objectstorage_path")?,
                "[common.io] xcom_objectstorage_path",
            ),
        };
        let text = text.filter(|text| !text.trim().is_empty());
        let parse = |text: String| Location::parse(&text).with_context(|| name.to_owned());
        text.map(parse).transpose()
    }

    /// The base path.
    pub(super) fn required(&self, config: &Config) -> anyhow::Result<Location> {
        self.location(config)?.ok_or_else(|| {
            let problem = "which base path? [common.io] xcom_objectstorage_path is not set here; say it with --base";
            UsageError(problem.to_owned()).into()
        })
    }

    /// What references look like, if there is a base path.
    pub(super) fn name(&self, config: &Config) -> anyhow::Result<Option<BaseName>> {
        let location = self.location(config)?;
        Ok(location.as_ref().map(BaseName::of))
    }

    /// Opens the store. The connection comes from `AIRFLOW_CONN_...` or from the database.
    pub(super) async fn open(&self, config: &Config, store: &Metastore) -> anyhow::Result<Base> {
        let location = self.required(config)?;
        let account = match location.connection_id() {
            None => None,
            Some(id) => match account_of_environment(id)? {
                Some(account) => Some(account),
                None => Some(account_of_database(id, store).await?),
            },
        };
        open(&location, account.as_ref())
    }
}

/// Opens the store of a base path. What is written there is not compressed.
pub(super) fn open(location: &Location, account: Option<&Account>) -> anyhow::Result<Base> {
    let base = location.to_string();
    let config = Config::with_environment([("AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH", base)]);
    let settings = Settings::of_xcoms(&config)?;
    Ok(Base::new(ObjectStorage::open(&settings, account)?))
}

/// What the connection of a location says: in `AIRFLOW_CONN_...`, or in the database, which is opened only then.
pub(super) async fn account(
    location: &Location,
    database: &DatabaseArguments,
    config: &Config,
) -> anyhow::Result<Option<Account>> {
    let Some(id) = location.connection_id() else {
        return Ok(None);
    };
    match account_of_environment(id)? {
        Some(account) => Ok(Some(account)),
        None => {
            let store = metadata::open(database, config, Access::Read).await?;
            account_of_database(id, &store).await.map(Some)
        }
    }
}

fn account_of_environment(id: &str) -> anyhow::Result<Option<Account>> {
    let name = format!("AIRFLOW_CONN_{}", id.to_uppercase());
    let text = std::env::var(&name).ok().filter(|text| !text.is_empty());
    let Some(text) = text else { return Ok(None) };
    let fields =
        ConnectionFields::from_text(&text).map_err(|error| anyhow::anyhow!("{name}: {error}"))?;
    Ok(Some(Account::new(fields).context(name)?))
}

async fn account_of_database(id: &str, store: &Metastore) -> anyhow::Result<Account> {
    let place = || format!("the connection {id:?} of the base path");
    let found = store.task(Uuid::nil()).connection(id).await;
    let connection = found.with_context(place)?;
    Account::new(ConnectionFields {
        conn_type: connection.conn_type,
        host: connection.host,
        schema: connection.schema,
        login: connection.login,
        password: connection.password,
        port: connection.port,
        extra: connection.extra,
    })
    .with_context(place)
}
