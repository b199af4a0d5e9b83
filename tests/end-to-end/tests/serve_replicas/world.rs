//! A database with a Dag run whose tasks are queued.

use std::sync::Arc;

use aileron_bundle::manifest::{AssetOutline, DagOutline, TaskOutline};
use aileron_metastore::{DagFile, DagRunRequest, Metastore};
use aileron_wire::message::DagRunState;
use anyhow::{Result, ensure};
use end_to_end::{AirflowVersion, Postgres, PostgresDatabase};
use uuid::Uuid;

/// How many tasks work at the same time.
pub(crate) const TASKS: usize = 12;

/// The Dag of the tasks, and the one that they start runs of.
pub(crate) const DAG: &str = "writing";
pub(crate) const STARTED: &str = "started";
pub(crate) const RUN: &str = "r";

pub(crate) struct World {
    pub(crate) database: PostgresDatabase,
    /// Task and id.
    pub(crate) instances: Vec<(String, Uuid)>,
}

impl World {
    pub(crate) fn new() -> Result<Self> {
        let database = Postgres::start()?.database(AirflowVersion::V3_3_2)?;
        let runtime = tokio::runtime::Runtime::new()?;
        let instances = runtime.block_on(queue(&database.url()))?;
        Ok(Self {
            database,
            instances,
        })
    }

    /// What `psql` prints for a query.
    pub(crate) fn expect(&self, query: &str, expected: &str) -> Result<()> {
        let found = self.database.sql(query)?;
        // Airflow keeps numbers in JSON as they are, and in text with quotes or without.
        let found = found.trim().trim_matches('"');
        ensure!(
            found == expected,
            "{found:?} instead of {expected:?}: {query}"
        );
        Ok(())
    }
}

async fn queue(url: &str) -> Result<Vec<(String, Uuid)>> {
    let metastore = Arc::new(Metastore::connect(url).await?);
    let tasks = (0..TASKS).map(|number| format!("t{number}"));
    let outline = |task: String| TaskOutline {
        outlets: vec![AssetOutline::Asset {
            name: format!("{task}_out"),
            uri: format!("s3://writing/{task}"),
        }],
        task_id: task,
        ..TaskOutline::default()
    };
    let writing = DagOutline {
        dag_id: DAG.to_owned(),
        tasks: tasks.map(outline).collect(),
        ..DagOutline::default()
    };
    let started = DagOutline {
        dag_id: STARTED.to_owned(),
        tasks: vec![TaskOutline {
            task_id: "only".to_owned(),
            ..TaskOutline::default()
        }],
        ..DagOutline::default()
    };
    let file = DagFile {
        bundle_name: "dags-folder".to_owned(),
        fileloc: "/dags/writing.py".to_owned(),
        relative_fileloc: "writing.py".to_owned(),
        source_code: String::new(),
        queue: "default".to_owned(),
    };
    for dag in [&writing, &started] {
        metastore.register_dag(dag, &file).await?;
    }
    let request = DagRunRequest::manual(DAG, RUN, None);
    ensure!(metastore.create_dag_run(&request).await?);
    let run = metastore.run(DAG, RUN);
    run.set_state(DagRunState::Running).await?;
    let records = run.task_instances().await?;
    let ids: Vec<Uuid> = records.iter().map(|record| record.id).collect();
    ensure!(run.queue(&ids).await?.len() == TASKS);
    let instances = records.into_iter().map(|it| (it.task_id, it.id)).collect();
    metastore.database().close().await;
    Ok(instances)
}
