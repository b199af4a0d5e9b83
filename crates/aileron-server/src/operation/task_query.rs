//! Questions about task instances.

use aileron_wire::message::{
    GetPreviousTI, GetTICount, GetTaskRescheduleStartDate, GetTaskStates, TaskInstanceState,
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Outcome;
use crate::answer::{Answer, moment_or_null};
use crate::call::Call;
use crate::request::{Problems, instant, integer, one_of, text};
use crate::version::ApiVersion;

/// What both questions about many task instances have in common.
struct Filter {
    dag_id: String,
    map_index: Option<i64>,
    task_ids: Option<Vec<String>>,
    task_group_id: Option<String>,
    logical_dates: Option<Vec<Timestamp>>,
    run_ids: Option<Vec<String>>,
}

fn filter(call: &Call, problems: &mut Problems) -> Option<Filter> {
    let query = &call.query;
    let dag_id = query.required("dag_id", problems, text);
    let map_index = query.optional("map_index", problems, integer);
    let task_ids = query.list("task_ids", problems, &text);
    let task_group_id = query.optional("task_group_id", problems, text);
    let logical_dates = query.list("logical_dates", problems, &instant);
    let run_ids = query.list("run_ids", problems, &text);
    Some(Filter {
        dag_id: dag_id?,
        map_index: map_index?,
        task_ids: task_ids?,
        // Airflow takes an empty one for none.
        task_group_id: task_group_id?.filter(|id| !id.is_empty()),
        logical_dates: logical_dates?,
        run_ids: run_ids?,
    })
}

pub(super) async fn count(call: &Call) -> Outcome {
    let mut problems = Problems::default();
    let filter = filter(call, &mut problems);
    let states = call.query.list("states", &mut problems, &text);
    let (filter, states) = problems.finish(filter.zip(states))?;
    let mut query = GetTICount::new(filter.dag_id);
    query.map_index = filter.map_index;
    query.task_ids = filter.task_ids;
    query.task_group_id = filter.task_group_id;
    query.logical_dates = filter.logical_dates;
    query.run_ids = filter.run_ids;
    query.states = states;
    let count = call.api.task_instance_count(query).await?;
    Ok(Answer::json(&count.into()))
}

pub(super) async fn states(call: &Call) -> Outcome {
    let mut problems = Problems::default();
    let filter = filter(call, &mut problems);
    let filter = problems.finish(filter)?;
    let mut query = GetTaskStates::new(filter.dag_id);
    query.map_index = filter.map_index;
    query.task_ids = filter.task_ids;
    query.task_group_id = filter.task_group_id;
    query.logical_dates = filter.logical_dates;
    query.run_ids = filter.run_ids;
    let states = call.api.task_states(query).await?;
    Ok(Answer::json(&json!({"task_states": states})))
}

pub(super) async fn breadcrumbs(call: &Call) -> Outcome {
    let mut problems = Problems::default();
    let dag_id = call.query.required("dag_id", &mut problems, text);
    let run_id = call.query.required("run_id", &mut problems, text);
    let (dag_id, run_id) = problems.finish(dag_id.zip(run_id))?;
    let breadcrumbs = call.api.task_breadcrumbs(&dag_id, &run_id).await?;
    Ok(Answer::json(&json!({"breadcrumbs": breadcrumbs})))
}

pub(super) async fn previous(call: &Call, dag_id: &str, task_id: &str) -> Outcome {
    let known = |state: &&TaskInstanceState| state.as_str();
    let names: Vec<_> = TaskInstanceState::ALL
        .iter()
        .map(|state| known(&state))
        .collect();
    let mut problems = Problems::default();
    let logical_date = call.query.optional("logical_date", &mut problems, instant);
    let map_index = call.query.optional("map_index", &mut problems, integer);
    let state = call.query.optional("state", &mut problems, one_of(&names));
    let read = (|| {
        let mut query = GetPreviousTI::new(dag_id, task_id);
        query.logical_date = logical_date?;
        query.map_index = map_index?.unwrap_or(-1);
        query.state = state?.and_then(|name| {
            let all = TaskInstanceState::ALL.iter();
            all.copied().find(|state| state.as_str() == name)
        });
        Some(query)
    })();
    let query = problems.finish(read)?;
    let found = call.api.previous_task_instance(query).await?;
    let shape = found.map_or(Value::Null, |found| {
        let mut shape = json!({
            "task_id": found.task_id,
            "dag_id": found.dag_id,
            "run_id": found.run_id,
            "logical_date": moment_or_null(found.logical_date),
            "start_date": moment_or_null(found.start_date),
            "end_date": moment_or_null(found.end_date),
            "state": found.state,
            "try_number": found.try_number,
            "map_index": found.map_index,
            "duration": found.duration,
        });
        if let (Some(id), true) = (found.region_id, call.version >= ApiVersion::V2026_10_30) {
            shape["region_id"] = json!(id);
            shape["region_index"] = json!(found.region_index);
        }
        shape
    });
    Ok(Answer::json(&shape))
}

pub(super) async fn reschedule_start_date(call: &Call) -> Outcome {
    let query = GetTaskRescheduleStartDate::new(call.token.id);
    let date = call.api.reschedule_start_date(query).await?;
    Ok(Answer::json(&moment_or_null(date)))
}
