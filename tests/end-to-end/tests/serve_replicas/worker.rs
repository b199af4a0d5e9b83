//! A task that writes all the time, in every store that there is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aileron_client::{ApiToken, Client, ClientSettings, RetryPolicy};
use aileron_execution_api::{AssetRef, EnterRunning, ExecutionApi as _, Heartbeat, StateUpdate};
use aileron_server::auth::Scope;
use aileron_wire::json::RawJson;
use aileron_wire::message::{
    AssetProfile, GetXCom, PutVariable, SetXCom, SucceedTask, TriggerDagRun,
};
use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use uuid::Uuid;

use crate::replica::auth;
use crate::world::{DAG, RUN, STARTED};

/// One task, and its client.
pub(crate) struct Worker {
    task: String,
    client: Client,
}

/// What a task was told.
#[derive(Debug)]
pub(crate) struct Acknowledged {
    pub(crate) task: String,
    /// The last number that every store has taken.
    pub(crate) count: u64,
    /// How many writes were acknowledged.
    pub(crate) writes: u64,
    /// How many Dag runs it has started.
    pub(crate) runs: u64,
}

impl Worker {
    pub(crate) fn new(task: &str, id: Uuid, url: &str) -> Result<Self> {
        // A server is away for moments; giving up is for what lasts.
        let settings = ClientSettings {
            timeout: Duration::from_secs(5),
            retries: RetryPolicy {
                attempts: 60,
                wait_min: Duration::from_millis(10),
                wait_max: Duration::from_millis(500),
            },
            ..ClientSettings::default()
        };
        let token = ApiToken::new(auth()?.issue(id, Scope::Execution)?)?;
        Ok(Self {
            task: task.to_owned(),
            client: Client::new(url, id, token, &settings)?,
        })
    }

    /// Works from the start of the task to its success.
    pub(crate) async fn work(self, enough: Arc<AtomicBool>) -> Result<Acknowledged> {
        let Self { task, client } = &self;
        client
            .start(EnterRunning {
                hostname: "here".to_owned(),
                unixname: "airflow".to_owned(),
                pid: std::process::id(),
                start_date: Timestamp::now(),
            })
            .await
            .context("start")?;
        let (mut count, mut writes, mut runs) = (0, 1, 0);
        while !enough.load(Ordering::Relaxed) || count == 0 {
            count += 1;
            writes += self.write(count).await?;
            if count % 5 == 0 {
                let run_id = format!("from_{task}_{count}");
                let request = TriggerDagRun::new(STARTED, run_id);
                client.trigger_dag_run(request).await.context("trigger")?;
                runs += 1;
                writes += 1;
            }
            self.read_back(count).await?;
        }
        let mut success = SucceedTask::new(Timestamp::now());
        let mut outlet = AssetProfile::new("Asset");
        outlet.name = Some(format!("{task}_out"));
        outlet.uri = Some(format!("s3://writing/{task}"));
        success.task_outlets = Some(vec![outlet]);
        success.outlet_events = Some(Vec::new());
        let success = StateUpdate::Success(success);
        client.update_state(success).await.context("success")?;
        Ok(Acknowledged {
            task: task.clone(),
            count,
            writes: writes + 1,
            runs,
        })
    }

    /// Puts a number into every store. Returns how many that are.
    async fn write(&self, count: u64) -> Result<u64> {
        let Self { task, client } = self;
        let number = RawJson::of(&count)?;
        client
            .set_xcom(SetXCom::new("n", number.clone(), DAG, RUN, task))
            .await
            .context("XCom")?;
        client
            .set_task_state("n", number.clone(), None)
            .await
            .context("task state")?;
        let asset = AssetRef::Name(format!("{task}_out"));
        client
            .set_asset_state(&asset, "n", number)
            .await
            .context("asset state")?;
        client
            .put_variable(PutVariable {
                key: task.clone(),
                value: Some(count.to_string()),
                description: None,
            })
            .await
            .context("Variable")?;
        client
            .heartbeat(Heartbeat {
                hostname: "here".to_owned(),
                pid: std::process::id(),
            })
            .await
            .context("heartbeat")?;
        Ok(5)
    }

    /// What was acknowledged by one server is there for the next.
    async fn read_back(&self, count: u64) -> Result<()> {
        let Self { task, client } = self;
        let xcom = client.xcom(GetXCom::new("n", DAG, RUN, task)).await?;
        let variable = client.variable(task).await?;
        let state = client.task_state("n").await?;
        let expected = count.to_string();
        let found = [
            xcom.get(),
            state.get(),
            variable.value.as_deref().unwrap_or(""),
        ];
        ensure!(found == [expected.as_str(); 3], "{found:?} after {count}");
        Ok(())
    }
}
