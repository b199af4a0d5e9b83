//! What stands in the metadata database, read as rows and not through the rules that wrote it.

use std::path::Path;

use aileron_metastore::database::{Database, Missing, Statement, sql};
use anyhow::Result;

/// A try of a task instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Try {
    pub(crate) task: String,
    pub(crate) number: i64,
    pub(crate) max_tries: i64,
    pub(crate) state: Option<String>,
}

/// All of a database that the tests look at.
#[derive(Debug)]
pub(crate) struct Content {
    /// `ok`, or what is wrong with the file.
    pub(crate) integrity: String,
    /// The state of each run.
    pub(crate) runs: Vec<String>,
    /// The task instances as they are now.
    pub(crate) tries: Vec<Try>,
    /// The tries before.
    pub(crate) history: Vec<Try>,
    /// Store, task, key, and the value as text.
    pub(crate) values: Vec<(String, String, String, String)>,
    /// The tasks that asset events came from, one for each event.
    pub(crate) events: Vec<String>,
}

impl Content {
    /// Of a SQLite file.
    pub(crate) fn of(path: &Path) -> Result<Self> {
        tokio::runtime::Runtime::new()?.block_on(async {
            let database = Database::sqlite(path, Missing::Fail).await?;
            let check = sql("select * from pragma_integrity_check");
            let lines = strings(&database, check, ["integrity_check"]).await?;
            let lines: Vec<_> = lines.into_iter().map(|[line]| line).collect();
            read(&database, lines.join("\n")).await
        })
    }

    /// Of a PostgreSQL server, which sees to its files itself.
    #[cfg(feature = "real-airflow")]
    pub(crate) fn of_server(url: &str) -> Result<Self> {
        tokio::runtime::Runtime::new()?.block_on(async {
            let database = Database::postgres(url).await?;
            read(&database, "ok".to_owned()).await
        })
    }

    /// A number that is stored.
    pub(crate) fn number(&self, store: &str, task: &str, key: &str) -> Option<i64> {
        let found = self
            .values
            .iter()
            .find(|it| (it.0.as_str(), it.1.as_str(), it.2.as_str()) == (store, task, key))?;
        found.3.trim_matches('"').parse().ok()
    }

    /// A task instance as it is now.
    pub(crate) fn instance(&self, task: &str) -> Option<&Try> {
        self.tries.iter().find(|it| it.task == task)
    }
}

async fn read(database: &Database, integrity: String) -> Result<Content> {
    let content = Content {
        integrity,
        runs: strings(database, sql("select state from dag_run"), ["state"])
            .await?
            .into_iter()
            .map(|[state]| state)
            .collect(),
        tries: tries(database, "task_instance").await?,
        history: tries(database, "task_instance_history").await?,
        values: strings(database, sql(VALUES), ["store", "task", "name", "text"])
            .await?
            .into_iter()
            .map(|[store, task, key, text]| (store, task, key, text))
            .collect(),
        events: strings(
            database,
            sql("select source_task_id as task from asset_event"),
            ["task"],
        )
        .await?
        .into_iter()
        .map(|[task]| task)
        .collect(),
    };
    database.close().await;
    Ok(content)
}

const VALUES: &str = "
    select 'task_state' as store, task_id as task, key as name, cast(value as text) as text from task_state_store
    union all
    select 'asset_state', substr(a.name, 7), s.key, cast(s.value as text)
    from asset_state_store s join asset a on a.id = s.asset_id
    union all
    select 'variable', substr(key, 7), 'n', val from variable
    union all
    select 'xcom', task_id, key, cast(value as text) from xcom";

async fn strings<const N: usize>(
    database: &Database,
    statement: Statement,
    columns: [&str; N],
) -> Result<Vec<[String; N]>> {
    let rows = database.read().await?.all(statement).await?;
    let mut found = Vec::new();
    for row in rows {
        let mut line = [const { String::new() }; N];
        for (place, column) in line.iter_mut().zip(columns) {
            *place = row.get(column)?;
        }
        found.push(line);
    }
    Ok(found)
}

async fn tries(database: &Database, table: &str) -> Result<Vec<Try>> {
    let statement = sql(format!(
        "select task_id, try_number, max_tries, state from {table} order by task_id, try_number"
    ));
    let rows = database.read().await?.all(statement).await?;
    rows.iter()
        .map(|row| {
            Ok(Try {
                task: row.get("task_id")?,
                number: row.get("try_number")?,
                max_tries: row.get("max_tries")?,
                state: row.get("state")?,
            })
        })
        .collect()
}
