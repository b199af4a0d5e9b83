//! Nothing matches: an answer, and how to ask for more.

use aileron_deployment::{RunQuery, XComQuery};

/// What to say when no XCom matches.
pub(super) fn xcoms(query: &XComQuery, place: &str) -> String {
    let XComQuery {
        dag_id,
        run_id,
        key,
        task_id,
        map_index,
        ..
    } = query;
    let index = map_index
        .map(|index| format!(", map index {index}"))
        .unwrap_or_default();
    let task = task_id
        .as_ref()
        .map(|task| format!(", task {task}"))
        .unwrap_or_default();
    let mut wider = Vec::new();
    if map_index.is_some() {
        wider.push("leave out --map-index".to_owned());
    }
    if task_id.is_some() {
        wider.push("leave out --task-id".to_owned());
    }
    wider.push("try another --key".to_owned());
    wider.push(format!(
        "`aileron xcom pull --dag-id {dag_id} --list-runs` lists the runs"
    ));
    format!(
        "no XCom under key {key} of Dag {dag_id}, run {run_id}{task}{index} in {place}; to widen: {}",
        wider.join(", ")
    )
}

/// What to say when a Dag has no run.
pub(super) fn runs(query: &RunQuery, place: &str) -> String {
    format!(
        "no runs of Dag {} in {place}; is the Dag id spelled as Airflow has it, and is it this deployment (--namespace, --context)?",
        query.dag_id
    )
}
