//! A run from its beginning to its end.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aileron_bundle::manifest::{DagOutline, TaskOutline};
use aileron_secrets::Masker;
use aileron_supervisor::{Settings, TaskCommand};
use aileron_wire::json::JsonMap;
use aileron_wire::message::{BundleInfo, DagRun, DagRunState, TaskInstanceState};
use jiff::Timestamp;

use crate::decide::{Board, Standing, is_finished};
use crate::error::RunError;
use crate::event::{Event, Listener};
use crate::home::Home;
use crate::lock::RunLock;
use crate::logs::log_file;
use crate::orphan::RUN_LOCK;
use crate::plan::{DEFAULT_RETRY_DELAY, Plan};
use crate::report::{InstanceReport, Outcome, RunReport};
use crate::runner::{Interrupt, Launcher, Mapping, Runner, leftover};
use crate::store::{Row, Source, Store};

/// What to run, and how.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where it is kept.
    pub home: Home,
    /// The metadata database.
    pub database: PathBuf,
    /// The program, and the schema version that its manifest names.
    pub command: TaskCommand,
    /// Where the Dag is written.
    pub source: Source,
    /// The Dag.
    pub dag: DagOutline,
    /// The run; made up when `None`.
    pub run_id: Option<String>,
    /// The logical date of a new run; now when `None`.
    pub logical_date: Option<Timestamp>,
    /// The conf of a new run.
    pub conf: Option<JsonMap>,
    /// How many tasks run at the same time.
    pub parallelism: usize,
    /// Only this task, and only this map index of it.
    pub only: Option<(String, Option<i64>)>,
    /// The mapped tasks, and what they are mapped over.
    pub mappings: HashMap<String, Mapping>,
    /// How tasks are supervised.
    pub settings: Settings,
    /// What the rules of the database take from the configuration and the environment.
    pub rules: aileron_metastore::Settings,
    /// Pause before a retry, for tasks that do not say one.
    pub retry_delay: Option<Duration>,
}

/// Runs a Dag, or goes on with a run of it.
///
/// Everything is stored as it happens. A run that is stopped or killed goes on where it stood when this is called again with
/// the same run id; one that is finished is not run again.
///
/// Needs a tokio runtime with I/O and time.
///
/// # Errors
/// When the run cannot be started, or the database fails. How tasks end is no error: see [`RunReport::outcome`].
pub async fn run(
    request: Request,
    listener: &dyn Listener,
    interrupt: Interrupt,
) -> Result<RunReport, RunError> {
    let plan = plan(&request.dag, &request)?;
    refuse_external(&request)?;
    request.home.create()?;
    let date = request.logical_date.unwrap_or_else(Timestamp::now);
    let run_id = match &request.run_id {
        Some(run_id) => checked(run_id)?,
        None => format!("manual__{}", isoformat(date)),
    };
    let lock = RunLock::take(&request.home, &request.dag.dag_id, &run_id)?;
    let store = Store::open(
        &request.database,
        &request.rules,
        &request.dag.dag_id,
        &run_id,
    )
    .await?;
    let call = Call {
        request: &request,
        plan: &plan,
        store: &store,
        lock: &lock,
        listener,
    };
    let report = call.make(date, interrupt).await;
    store.close().await;
    report
}

/// One call of [`run`], once the run is ours.
struct Call<'a> {
    request: &'a Request,
    plan: &'a Plan,
    store: &'a Store,
    lock: &'a RunLock,
    listener: &'a dyn Listener,
}

impl Call<'_> {
    async fn make(&self, date: Timestamp, interrupt: Interrupt) -> Result<RunReport, RunError> {
        let Request {
            dag, source, conf, ..
        } = self.request;
        let bundle = self.store.register(dag, source).await?;
        let created = self.store.create_run(date, conf.as_ref()).await?;
        let run = self.store.run().await?;
        let rows = self.store.rows().await?;
        leftover::clear_away(self.lock.path(), &rows).await?;
        // What was left behind may have written until now.
        let rows = self.store.rows().await?;
        self.say(&Event::Begun {
            dag_id: dag.dag_id.clone(),
            run_id: run.run_id.clone(),
            resumed: !created,
            instances: rows.len(),
            finished: rows.iter().filter(|row| is_finished(row.state)).count(),
        });
        let outcome = match outcome_of(&run.state) {
            Some(outcome) if self.request.only.is_none() => {
                self.say(&Event::Note(format!(
                    "the run is finished; to run the Dag again, give another --run-id than {}",
                    run.run_id
                )));
                outcome
            }
            _ => {
                self.note_conf(&run, created);
                let outcome = self.go_on(rows, bundle, interrupt).await?;
                self.close().await?;
                outcome
            }
        };
        self.report(outcome).await
    }

    /// A conf belongs to the beginning of a run.
    fn note_conf(&self, run: &DagRun, created: bool) {
        if !created
            && self
                .request
                .conf
                .as_ref()
                .is_some_and(|conf| Some(conf) != run.conf.as_ref())
        {
            self.say(&Event::Note(
                "the run goes on with the conf it began with, not with the one given now"
                    .to_owned(),
            ));
        }
    }

    async fn go_on(
        &self,
        mut rows: Vec<Row>,
        bundle_info: BundleInfo,
        interrupt: Interrupt,
    ) -> Result<Outcome, RunError> {
        self.store.set_run_state(DagRunState::Running).await?;
        for row in &mut rows {
            if matches!(
                row.state,
                Some(TaskInstanceState::Running | TaskInstanceState::Restarting)
            ) {
                *row = leftover::settle(self.store, row.clone(), self.listener).await?;
            }
        }
        let launcher = Launcher {
            store: self.store.clone(),
            command: self.command(),
            settings: self.request.settings.clone(),
            masker: Arc::new(Masker::from_env().0),
            logs: self.request.home.logs(),
            dag_rel_path: self.request.source.name.clone(),
            bundle_info,
        };
        let Some((task_id, map_index)) = &self.request.only else {
            let board = Board::new(self.plan, self.store.past_unmet(self.plan).await?);
            return self
                .run_all(self.plan, board, rows, launcher, interrupt)
                .await;
        };
        let rows = self.chosen(rows, task_id, *map_index).await?;
        let alone = self.alone(task_id)?;
        let board = Board::new(&alone, []);
        self.run_all(&alone, board, rows, launcher, interrupt).await
    }

    /// The program of the tasks, with what makes their processes known as ours.
    fn command(&self) -> TaskCommand {
        let mut command = self.request.command.clone();
        let lock = self.lock.path().as_os_str().to_owned();
        command.variables.push((RUN_LOCK.into(), Some(lock)));
        command
    }

    async fn run_all(
        &self,
        plan: &Plan,
        board: Board<'_>,
        rows: Vec<Row>,
        launcher: Launcher,
        interrupt: Interrupt,
    ) -> Result<Outcome, RunError> {
        let mut runner = Runner::new(plan, board, self.store, launcher, self.listener, interrupt);
        runner.parallelism = self.request.parallelism.max(1);
        runner.mappings = self.request.mappings.clone();
        for row in rows {
            runner.take_over(row);
        }
        runner.run().await
    }

    /// The instances of a task that are to run, whatever they did before.
    async fn chosen(
        &self,
        rows: Vec<Row>,
        task_id: &str,
        map_index: Option<i64>,
    ) -> Result<Vec<Row>, RunError> {
        let mut rows: Vec<_> = rows
            .into_iter()
            .filter(|row| row.task_id == task_id)
            .collect();
        if let Some(map_index) = map_index {
            let count = rows.len();
            rows.retain(|row| row.map_index == map_index);
            if rows.is_empty() {
                return Err(RunError::UnknownMapIndex {
                    task_id: task_id.to_owned(),
                    map_index,
                    count,
                });
            }
        }
        for row in &mut rows {
            if is_finished(row.state) || row.state == Some(TaskInstanceState::UpForRetry) {
                self.store.clear(row.id).await?;
                *row = self.store.row(&row.name()).await?;
            }
        }
        Ok(rows)
    }

    /// The plan of a task that waits for no other.
    fn alone(&self, task_id: &str) -> Result<Plan, RunError> {
        let mut dag = self.request.dag.clone();
        dag.tasks.retain(|task| task.task_id == task_id);
        for task in &mut dag.tasks {
            task.upstream.clear();
            task.depends_on_past = false;
        }
        let mut request = self.request.clone();
        request.mappings.retain(|mapped, _| mapped == task_id);
        plan(&dag, &request)
    }

    /// Gives the run its state, if all its instances are finished or nothing can move the others.
    async fn close(&self) -> Result<(), RunError> {
        let mut board = Board::new(self.plan, self.store.past_unmet(self.plan).await?);
        for row in self.store.rows().await? {
            if let Some(instance) = row.instance(self.plan) {
                board.put(instance);
            }
        }
        let steps = board.decide(Timestamp::now());
        if steps.is_empty()
            && let Standing::Finished { state, .. } = board.standing()
        {
            self.store.set_run_state(state).await?;
        }
        Ok(())
    }

    async fn report(&self, outcome: Outcome) -> Result<RunReport, RunError> {
        let run = self.store.run().await?;
        self.say(&Event::Over { state: run.state });
        let mut rows = self.store.rows().await?;
        rows.sort_by_key(|row| (self.plan.find(&row.task_id), row.map_index));
        Ok(RunReport {
            dag_id: self.request.dag.dag_id.clone(),
            run_id: run.run_id,
            state: run.state,
            outcome,
            logical_date: run.logical_date,
            start_date: run.start_date,
            end_date: run.end_date,
            conf: run.conf.unwrap_or_default(),
            database: self.request.database.clone(),
            task_instances: rows.iter().map(|row| self.instance(row)).collect(),
        })
    }

    fn instance(&self, row: &Row) -> InstanceReport {
        let logs = self.request.home.logs();
        let (dag_id, run_id) = (self.store.dag_id(), self.store.run_id());
        let log = log_file(
            &logs,
            dag_id,
            run_id,
            &row.task_id,
            row.map_index,
            row.try_number,
        );
        InstanceReport {
            task_id: row.task_id.clone(),
            map_index: row.map_index,
            state: row.state,
            try_number: row.try_number,
            max_tries: row.max_tries,
            start_date: row.start_date,
            end_date: row.end_date,
            duration: row.duration,
            log: log.exists().then_some(log),
        }
    }

    fn say(&self, event: &Event) {
        self.listener.on_event(event);
    }
}

fn plan(dag: &DagOutline, request: &Request) -> Result<Plan, RunError> {
    let mapped = request.mappings.keys().map(String::as_str);
    let retry_delay = request.retry_delay.unwrap_or(DEFAULT_RETRY_DELAY);
    Ok(Plan::new(dag, mapped, retry_delay)?)
}

/// Tasks of other languages cannot run here; with `--task` only the one that is to run counts.
fn refuse_external(request: &Request) -> Result<(), RunError> {
    let Request { dag, only, .. } = request;
    let counts = |task: &&TaskOutline| {
        only.as_ref()
            .is_none_or(|(task_id, _)| task.task_id == *task_id)
    };
    let tasks: Vec<_> = dag.tasks.iter().filter(counts).collect();
    if let (true, Some((task_id, _))) = (tasks.is_empty(), only) {
        return Err(RunError::UnknownTask {
            dag_id: dag.dag_id.clone(),
            task_id: task_id.clone(),
            known: dag.tasks.iter().map(|task| task.task_id.clone()).collect(),
        });
    }
    let task_ids: Vec<_> = tasks
        .iter()
        .filter(|task| task.external)
        .map(|task| task.task_id.clone())
        .collect();
    if task_ids.is_empty() {
        return Ok(());
    }
    Err(RunError::ExternalTasks {
        dag_id: dag.dag_id.clone(),
        task_ids,
    })
}

/// What Airflow takes for a run id; it is part of the path of logs, too.
fn checked(run_id: &str) -> Result<String, RunError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.~:+-".contains(c);
    if run_id.is_empty() || run_id.len() > 250 || !run_id.chars().all(allowed) {
        return Err(RunError::BadRunId {
            run_id: run_id.to_owned(),
        });
    }
    Ok(run_id.to_owned())
}

/// A time as the run ids of Airflow have it: Python's `isoformat`, with microseconds unless there are none.
fn isoformat(date: Timestamp) -> String {
    let form = if date.subsec_microsecond() == 0 && date.subsec_millisecond() == 0 {
        "%Y-%m-%dT%H:%M:%S+00:00"
    } else {
        "%Y-%m-%dT%H:%M:%S.%6f+00:00"
    };
    date.strftime(form).to_string()
}

fn outcome_of(state: &DagRunState) -> Option<Outcome> {
    match state {
        DagRunState::Success => Some(Outcome::Success),
        DagRunState::Failed => Some(Outcome::Failed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_id_that_would_leave_the_logs_is_refused() {
        for bad in ["", "../x", "a b", "a/b", "é"] {
            assert!(
                matches!(checked(bad), Err(RunError::BadRunId { .. })),
                "{bad}"
            );
        }
        checked("manual__2026-01-01T00:00:00+00:00").unwrap();
    }

    #[test]
    fn run_ids_are_made_up_as_airflow_makes_them_up() {
        let text = |date: &str| isoformat(date.parse().unwrap());
        assert_eq!(text("2026-01-02T03:04:05Z"), "2026-01-02T03:04:05+00:00");
        assert_eq!(
            text("2026-01-02T03:04:05.0006789Z"),
            "2026-01-02T03:04:05.000678+00:00"
        );
    }
}
