//! Dags and Dag runs.

use aileron_wire::message::{DagRunState, GetDRCount, GetPreviousDagRun, TriggerDagRun};
use serde_json::{Value, json};

use super::Outcome;
use crate::answer::{self, Answer, moment_or_null, value_of};
use crate::call::Call;
use crate::endpoint::Run;
use crate::refusal::Refusal;
use crate::request::{Model, Place, Problems, boolean, instant, map, nullable, one_of, text};
use crate::version::ApiVersion;

pub(super) async fn get(call: &Call, run: &Run) -> Outcome {
    let found = call.api.dag_run(&run.dag_id, &run.run_id).await?;
    Ok(Answer::json(&answer::dag_run(&found, call.version)))
}

pub(super) async fn state(call: &Call, run: &Run) -> Outcome {
    let state = call.api.dag_run_state(&run.dag_id, &run.run_id).await?;
    Ok(Answer::json(&json!({"state": value_of(&state)})))
}

pub(super) async fn clear(call: &Call, run: &Run) -> Outcome {
    call.api.clear_dag_run(&run.dag_id, &run.run_id).await?;
    Ok(Answer::done())
}

pub(super) async fn trigger(call: &Call, run: &Run) -> Outcome {
    let body = call.body.required()?;
    let mut problems = Problems::default();
    let read = trigger_body(&body, run, &mut problems);
    let request = problems.finish(read)?;
    call.api.trigger_dag_run(request).await?;
    Ok(Answer::done())
}

fn trigger_body(body: &Value, run: &Run, problems: &mut Problems) -> Option<TriggerDagRun> {
    let mut model = Model::of(body, Place::part("body"), problems)?;
    let logical_date = model.optional("logical_date", problems, nullable(instant));
    let run_after = model.optional("run_after", problems, nullable(instant));
    let conf = model.optional("conf", problems, map);
    let reset = model.optional("reset_dag_run", problems, boolean);
    let partition_key = model.optional("partition_key", problems, nullable(text));
    let note = model.optional("note", problems, nullable(text));
    model.forbid_others(problems);
    let mut request = TriggerDagRun::new(&run.dag_id, &run.run_id);
    request.logical_date = logical_date?.flatten();
    request.run_after = run_after?.flatten();
    request.conf = conf?;
    request.reset_dag_run = reset?;
    request.partition_key = partition_key?.flatten();
    request.note = note?.flatten();
    Some(request)
}

pub(super) async fn count(call: &Call) -> Outcome {
    let query = &call.query;
    let mut problems = Problems::default();
    let dag_id = query.required("dag_id", &mut problems, text);
    let logical_dates = query.list("logical_dates", &mut problems, &instant);
    let run_ids = query.list("run_ids", &mut problems, &text);
    let states = query.list("states", &mut problems, &text);
    let read = (|| {
        let mut request = GetDRCount::new(dag_id?);
        request.logical_dates = logical_dates?;
        request.run_ids = run_ids?;
        request.states = states?;
        Some(request)
    })();
    let request = problems.finish(read)?;
    let count = call.api.dag_run_count(request).await?;
    Ok(Answer::json(&count.into()))
}

pub(super) async fn previous(call: &Call) -> Outcome {
    let mut problems = Problems::default();
    let dag_id = call.query.required("dag_id", &mut problems, text);
    let request = previous_query(call, dag_id, problems)?;
    let found = call.api.previous_dag_run(request).await?;
    let shape = found.map_or(Value::Null, |run| answer::dag_run(&run, call.version));
    Ok(Answer::json(&shape))
}

/// The route of older versions. It shows the run as the newest version does, whoever asks.
pub(super) async fn previous_of(call: &Call, dag_id: &str) -> Outcome {
    let request = previous_query(call, Some(dag_id.to_owned()), Problems::default())?;
    let found = call.api.previous_dag_run(request).await?;
    let newest = ApiVersion::AIRFLOW_3_3;
    let shape = found.map_or(Value::Null, |run| answer::dag_run(&run, newest));
    Ok(Answer::json(&shape))
}

fn previous_query(
    call: &Call,
    dag_id: Option<String>,
    mut problems: Problems,
) -> Result<GetPreviousDagRun, Refusal> {
    let states: Vec<_> = DagRunState::ALL
        .iter()
        .map(|state| state.as_str())
        .collect();
    let logical_date = call.query.required("logical_date", &mut problems, instant);
    let state = call.query.optional("state", &mut problems, one_of(&states));
    let read = (|| {
        let mut request = GetPreviousDagRun::new(dag_id?, logical_date?);
        request.state = state?.map(str::to_owned);
        Some(request)
    })();
    problems.finish(read)
}

pub(super) async fn dag(call: &Call, dag_id: &str) -> Outcome {
    let found = call.api.dag(dag_id).await?;
    Ok(Answer::json(&json!({
        "dag_id": found.dag_id,
        "is_paused": found.is_paused,
        "bundle_name": found.bundle_name,
        "bundle_version": found.bundle_version,
        "relative_fileloc": found.relative_fileloc,
        "owners": found.owners,
        "tags": found.tags,
        "next_dagrun": moment_or_null(found.next_dagrun),
    })))
}
