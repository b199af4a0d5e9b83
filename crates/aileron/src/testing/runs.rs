//! The Airflow in memory: Dag runs, task instances, and what a task shows of itself.

use aileron_wire::message::{
    DRCount, DagResult, DagRun, DagRunResult, DagRunState, DagRunStateResult, DagRunType,
    ErrorType, GetDRCount, GetPreviousDagRun, GetPreviousTI, GetTICount, GetTaskStates,
    HITLDetailRequestResult, OKResponse, PrevSuccessfulDagRunResult, PreviousDagRunResult,
    PreviousTIResponse, PreviousTIResult, TICount, TaskBreadcrumbsResult, TaskInstanceState,
    TaskRescheduleStartDate, TaskStatesResult, ToSupervisor, TriggerDagRun,
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Airflow, encode, refusal};
use crate::comm::CommError;

/// What the Airflow in memory knows of runs.
#[derive(Default)]
pub(super) struct Runs {
    runs: Vec<DagRun>,
    tasks: Vec<Task>,
    pub(super) task_reschedule_count: i64,
    pub(super) first_reschedule_date: Option<Timestamp>,
    rendered_map_index: Option<String>,
    rendered_fields: Map<String, Value>,
}

struct Task {
    dag_id: String,
    run_id: String,
    task_id: String,
    state: TaskInstanceState,
}

impl Airflow {
    /// A Dag run that tasks may ask about.
    #[must_use]
    pub fn dag_run(
        self,
        dag_id: &str,
        run_id: &str,
        state: DagRunState,
        logical_date: Option<Timestamp>,
    ) -> Self {
        let mut run = super::dag_run(logical_date);
        run.dag_id = dag_id.to_owned();
        run.run_id = run_id.to_owned();
        run.state = state;
        self.lock().runs.runs.push(run);
        self
    }

    /// A task instance that tasks may ask about, of a run added with [`dag_run`](Self::dag_run).
    #[must_use]
    pub fn task_state(
        self,
        dag_id: &str,
        run_id: &str,
        task_id: &str,
        state: TaskInstanceState,
    ) -> Self {
        self.lock().runs.tasks.push(Task {
            dag_id: dag_id.to_owned(),
            run_id: run_id.to_owned(),
            task_id: task_id.to_owned(),
            state,
        });
        self
    }

    /// The task was rescheduled that often before, at that time first.
    #[must_use]
    pub fn rescheduled(self, count: i64, first: Timestamp) -> Self {
        let mut store = self.lock();
        store.runs.task_reschedule_count = count;
        store.runs.first_reschedule_date = Some(first);
        drop(store);
        self
    }

    /// The rendered map index that a task has set last.
    pub fn rendered_map_index(&self) -> Option<String> {
        self.lock().runs.rendered_map_index.clone()
    }

    /// The rendered fields that a task has set last.
    pub fn rendered_fields(&self) -> Map<String, Value> {
        self.lock().runs.rendered_fields.clone()
    }

    /// The runs of a Dag, in the order they were added or started.
    pub fn dag_runs(&self, dag_id: &str) -> Vec<DagRun> {
        let store = self.lock();
        let runs = store.runs.runs.iter();
        runs.filter(|run| run.dag_id == dag_id).cloned().collect()
    }
}

impl Runs {
    /// Answers a request about runs; `Err` with the request for another.
    pub(super) fn answer(
        &mut self,
        request: ToSupervisor,
    ) -> Result<Result<Option<Vec<u8>>, CommError>, Box<ToSupervisor>> {
        let reply = match request {
            ToSupervisor::SetRenderedMapIndex(set) => {
                self.rendered_map_index = Some(set.rendered_map_index);
                return Ok(Ok(None));
            }
            ToSupervisor::SetRenderedFields(set) => {
                self.rendered_fields = set.rendered_fields;
                return Ok(Ok(None));
            }
            ToSupervisor::SkipDownstreamTasks(_) => return Ok(Ok(None)),
            ToSupervisor::CreateHITLDetailPayload(ask) => encode(&HITLDetailRequestResult::new(
                ask.ti_id,
                ask.options,
                ask.subject,
            )),
            ToSupervisor::GetTaskRescheduleStartDate(_) => encode(&TaskRescheduleStartDate {
                start_date: self.first_reschedule_date,
            }),
            ToSupervisor::GetDagRunState(get) => match self.find(&get.dag_id, &get.run_id) {
                Some(run) => encode(&DagRunStateResult { state: run.state }),
                None => encode(&refusal(ErrorType::ApiServerError)),
            },
            ToSupervisor::GetDagRun(get) => match self.find(&get.dag_id, &get.run_id) {
                Some(run) => encode(&DagRunResult::from(run.clone())),
                None => encode(&refusal(ErrorType::ApiServerError)),
            },
            ToSupervisor::GetDRCount(get) => encode(&DRCount {
                count: self.runs.iter().filter(|run| counts(run, &get)).count() as i64,
            }),
            ToSupervisor::GetPreviousDagRun(get) => encode(&PreviousDagRunResult {
                dag_run: self.previous(&get).cloned(),
            }),
            ToSupervisor::GetPrevSuccessfulDagRun(_) => encode(&self.previous_successful()),
            ToSupervisor::GetDag(get) => match self.runs.iter().any(|r| r.dag_id == get.dag_id) {
                true => encode(&dag(get.dag_id)),
                false => encode(&refusal(ErrorType::ApiServerError)),
            },
            ToSupervisor::GetTICount(get) => encode(&TICount {
                count: self.count_tasks(&get),
            }),
            ToSupervisor::GetTaskStates(get) => encode(&TaskStatesResult {
                task_states: self.task_states(&get),
            }),
            ToSupervisor::GetTaskBreadcrumbs(get) => encode(&TaskBreadcrumbsResult {
                breadcrumbs: self.breadcrumbs(&get.dag_id, &get.run_id),
            }),
            ToSupervisor::GetPreviousTI(get) => encode(&PreviousTIResult {
                task_instance: self.previous_task(&get),
            }),
            ToSupervisor::TriggerDagRun(trigger) => self.trigger(trigger),
            other => return Err(Box::new(other)),
        };
        Ok(reply.map(Some))
    }

    fn find(&self, dag_id: &str, run_id: &str) -> Option<&DagRun> {
        let mut runs = self.runs.iter();
        runs.find(|run| run.dag_id == dag_id && run.run_id == run_id)
    }

    fn previous(&self, get: &GetPreviousDagRun) -> Option<&DagRun> {
        self.runs
            .iter()
            .filter(|run| run.dag_id == get.dag_id)
            .filter(|run| run.logical_date.is_some_and(|date| date < get.logical_date))
            .filter(|run| {
                get.state
                    .as_ref()
                    .is_none_or(|state| state == run.state.as_str())
            })
            .max_by_key(|run| run.logical_date)
    }

    /// Of the Dag in which the tasks of a test are.
    fn previous_successful(&self) -> PrevSuccessfulDagRunResult {
        let runs = self.runs.iter().filter(|run| run.dag_id == super::DAG_ID);
        let last = runs
            .filter(|run| run.state == DagRunState::Success)
            .max_by_key(|run| run.logical_date);
        last.map(|run| PrevSuccessfulDagRunResult {
            data_interval_start: run.data_interval_start,
            data_interval_end: run.data_interval_end,
            start_date: run.start_date,
            end_date: run.end_date,
        })
        .unwrap_or_default()
    }

    fn count_tasks(&self, get: &GetTICount) -> i64 {
        let tasks = self.tasks.iter().filter(|task| {
            task.dag_id == get.dag_id
                && within(get.task_ids.as_deref(), &task.task_id)
                && within(get.run_ids.as_deref(), &task.run_id)
                && within(get.states.as_deref(), task.state.as_str())
        });
        tasks.count() as i64
    }

    fn task_states(&self, get: &GetTaskStates) -> Map<String, Value> {
        let mut states = Map::new();
        for task in &self.tasks {
            if task.dag_id == get.dag_id
                && within(get.task_ids.as_deref(), &task.task_id)
                && within(get.run_ids.as_deref(), &task.run_id)
            {
                let run = states.entry(&task.run_id).or_insert_with(|| json!({}));
                run[&task.task_id] = json!(task.state);
            }
        }
        states
    }

    fn breadcrumbs(&self, dag_id: &str, run_id: &str) -> Vec<Map<String, Value>> {
        let tasks = self.tasks.iter();
        tasks
            .filter(|task| task.dag_id == dag_id && task.run_id == run_id)
            .map(|task| {
                Map::from_iter([
                    ("task_id".to_owned(), json!(task.task_id)),
                    ("map_index".to_owned(), json!(-1)),
                    ("state".to_owned(), json!(task.state)),
                    ("operator".to_owned(), json!("_StubOperator")),
                    ("duration".to_owned(), json!(0.5)),
                ])
            })
            .collect()
    }

    fn previous_task(&self, get: &GetPreviousTI) -> Option<PreviousTIResponse> {
        let tasks = self.tasks.iter().filter(|task| {
            task.dag_id == get.dag_id
                && task.task_id == get.task_id
                && get.state.is_none_or(|state| state == task.state)
        });
        let dated = tasks.filter_map(|task| {
            let date = self.find(&task.dag_id, &task.run_id)?.logical_date;
            let before = get.logical_date.is_none_or(|limit| date < Some(limit));
            before.then_some((date, task))
        });
        let (date, task) = dated.max_by_key(|(date, _)| *date)?;
        let mut found = PreviousTIResponse::new(&task.task_id, &task.dag_id, &task.run_id, 1);
        found.logical_date = date;
        found.state = Some(task.state.to_string());
        Some(found)
    }

    fn trigger(&mut self, trigger: TriggerDagRun) -> Result<Vec<u8>, CommError> {
        let taken = self.runs.iter().any(|run| {
            run.dag_id == trigger.dag_id
                && (run.run_id == trigger.run_id
                    || (run.logical_date.is_some() && run.logical_date == trigger.logical_date))
        });
        if taken && trigger.reset_dag_run != Some(true) {
            return encode(&refusal(ErrorType::DagRunAlreadyExists));
        }
        if !taken {
            let mut run = super::dag_run(trigger.logical_date);
            run.dag_id = trigger.dag_id;
            run.run_id = trigger.run_id;
            run.state = DagRunState::Queued;
            run.run_type = DagRunType::OperatorTriggered;
            run.conf = trigger.conf;
            run.note = trigger.note;
            self.runs.push(run);
        }
        encode(&OKResponse { ok: true })
    }
}

fn counts(run: &DagRun, get: &GetDRCount) -> bool {
    run.dag_id == get.dag_id
        && within(get.run_ids.as_deref(), &run.run_id)
        && within(get.states.as_deref(), run.state.as_str())
        && get
            .logical_dates
            .as_ref()
            .is_none_or(|dates| run.logical_date.is_some_and(|date| dates.contains(&date)))
}

/// Whether a filter lets this through; there may be none.
fn within(filter: Option<&[String]>, text: &str) -> bool {
    filter.is_none_or(|texts| texts.iter().any(|one| one == text))
}

fn dag(dag_id: String) -> DagResult {
    DagResult {
        dag_id,
        is_paused: false,
        bundle_name: None,
        bundle_version: None,
        relative_fileloc: None,
        owners: None,
        tags: Vec::new(),
        next_dagrun: None,
    }
}
