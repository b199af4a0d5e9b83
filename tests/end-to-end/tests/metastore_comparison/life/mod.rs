//! The life of a task instance, from its start on.

mod asks;
mod ends;
mod waits;

use aileron_execution_api::{EnterRunning, Heartbeat, StateUpdate, TerminalUpdate};
use aileron_wire::message::TerminalState;
use end_to_end::Comparison;
use jiff::Timestamp;
use uuid::Uuid;

use crate::Outcome;

/// The Dag of all of them.
const DAG: &str = "life";

/// A worker that speaks for one task instance. Each has a run to itself.
struct Worker<'a> {
    both: &'a mut Comparison,
    ti: Uuid,
    run_id: &'static str,
}

impl Worker<'_> {
    fn of<'a>(
        both: &'a mut Comparison,
        run_id: &'static str,
        task: &str,
        map_index: i64,
    ) -> Worker<'a> {
        let ti = both.id(run_id, task, map_index);
        Worker { both, ti, run_id }
    }

    async fn start(&mut self, pid: u32) -> Outcome {
        let start = || EnterRunning {
            hostname: "worker".to_owned(),
            unixname: "ada".to_owned(),
            pid,
            start_date: time("2026-03-01T10:00:00.25Z"),
        };
        let what = format!("{}: start", self.run_id);
        let answer = self.both.word_for_word(&what, self.ti, async |api| {
            let mut context = api.start(start()).await?;
            context.xcom_keys_to_clear.sort();
            Ok(context)
        });
        answer.await
    }

    async fn beat(&mut self, pid: u32) -> Outcome {
        let what = format!("{}: heartbeat", self.run_id);
        let answer = self.both.word_for_word(&what, self.ti, async |api| {
            let hostname = "worker".to_owned();
            api.heartbeat(Heartbeat { hostname, pid }).await
        });
        answer.await
    }

    async fn update(&mut self, update: StateUpdate) -> Outcome {
        let what = format!("{}: {}", self.run_id, update.state().as_str());
        let answer = self.both.word_for_word(&what, self.ti, async |api| {
            api.update_state(update.clone()).await
        });
        answer.await
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn ended() -> Timestamp {
    time("2026-03-01T10:00:03.5Z")
}

fn terminal(state: TerminalState) -> StateUpdate {
    StateUpdate::Terminal(TerminalUpdate {
        rendered_map_index: Some("label".to_owned()),
        ..TerminalUpdate::new(state, ended())
    })
}

/// What is left of all of them.
const ROWS: [&str; 10] = [
    "select * from task_instance where dag_id = 'life' order by run_id, task_id, map_index",
    "select * from task_instance_history where dag_id = 'life' order by run_id, task_id, map_index, try_number",
    "select * from task_reschedule order by id",
    "select * from trigger order by id",
    // Why asset events were refused, Airflow writes to its own log.
    "select dttm, dag_id, task_id, map_index, event, logical_date, run_id, owner, owner_display_name, extra, try_number \
     from log where dag_id = 'life' and event <> 'asset events refused' order by id",
    "select * from rendered_task_instance_fields where dag_id = 'life' order by run_id, task_id, map_index",
    "select * from asset_event where source_dag_id = 'life' order by id",
    "select * from asset_dag_run_queue order by asset_id, target_dag_id",
    "select * from xcom where dag_id = 'life' order by run_id, task_id, map_index, key",
    "select * from dag_run where dag_id = 'life' order by run_id",
];

pub(crate) async fn life(both: &mut Comparison) -> Outcome {
    ends::retried(Worker::of(both, "retried", "one", -1)).await?;
    ends::succeeded(Worker::of(both, "succeeded", "one", -1)).await?;
    waits::deferred(Worker::of(both, "deferred", "two", -1)).await?;
    waits::rescheduled(Worker::of(both, "rescheduled", "two", -1)).await?;
    waits::waiting(Worker::of(both, "waiting", "two", -1)).await?;
    ends::removed(Worker::of(both, "removed", "mapped", 1)).await?;
    ends::failed(Worker::of(both, "failed", "one", -1)).await?;
    ends::nonsense(Worker::of(both, "nonsense", "two", -1)).await?;
    asks::asking(Worker::of(both, "asking", "one", -1)).await?;
    for query in ROWS {
        both.rows(query)?;
    }
    Ok(())
}
