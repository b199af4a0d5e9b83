//! What each route does: read the request, ask the store, shape the answer.

mod asset;
mod asset_state;
mod callback;
mod connection;
mod dag_run;
mod hitl;
mod state_update;
mod task_instance;
mod task_query;
mod task_state;
mod variable;
mod xcom;

use std::pin::Pin;

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::endpoint::Endpoint;
use crate::refusal::Refusal;
use crate::request::{Place, Problems};

/// What an operation ends with.
pub(crate) type Outcome = Result<Answer, Refusal>;

/// An operation that goes on. In a box of its own: one future for all of them would be as large as the largest.
type Running<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// Does what the route says.
pub(crate) fn perform<'a>(endpoint: &'a Endpoint, call: &'a Call) -> Running<'a> {
    use Endpoint as E;
    match endpoint {
        E::Health | E::Ping => Box::pin(async { Err(Refusal::not_found()) }),
        E::AssetByName => Box::pin(asset::by_name(call)),
        E::AssetByUri => Box::pin(asset::by_uri(call)),
        E::AssetsByAlias => Box::pin(asset::by_alias(call)),
        E::EventsByAsset => Box::pin(asset::events(call)),
        E::EventsByAlias => Box::pin(asset::events_by_alias(call)),
        E::StartConnectionTest(_) => Box::pin(connection::start_test(call)),
        E::FinishConnectionTest(_) => Box::pin(connection::finish_test(call)),
        E::RunCallback(_) => Box::pin(callback::run(call)),
        E::GetConnection(id) => Box::pin(connection::get(call, id)),
        E::PreviousDagRunOf(dag_id) => Box::pin(dag_run::previous_of(call, dag_id)),
        E::GetDagRun(run) => Box::pin(dag_run::get(call, run)),
        E::TriggerDagRun(run) => Box::pin(dag_run::trigger(call, run)),
        E::ClearDagRun(run) => Box::pin(dag_run::clear(call, run)),
        E::DagRunState(run) => Box::pin(dag_run::state(call, run)),
        E::DagRunCount => Box::pin(dag_run::count(call)),
        E::PreviousDagRun => Box::pin(dag_run::previous(call)),
        E::GetDag(dag_id) => Box::pin(dag_run::dag(call, dag_id)),
        E::Run(_) => Box::pin(task_instance::run(call)),
        E::UpdateState(_) => Box::pin(state_update::update(call)),
        E::SkipDownstream(_) => Box::pin(task_instance::skip_downstream(call)),
        E::Heartbeat(_) => Box::pin(task_instance::heartbeat(call)),
        E::SetRenderedFields(_) => Box::pin(task_instance::set_rendered_fields(call)),
        E::SetRenderedMapIndex(_) => Box::pin(task_instance::set_rendered_map_index(call)),
        E::PreviousSuccessfulDagRun(_) => Box::pin(task_instance::previous_successful(call)),
        E::ValidateAssets(_) => Box::pin(task_instance::inactive_assets(call)),
        E::SetDagRunNote(_) => Box::pin(task_instance::set_dag_run_note(call)),
        E::TaskInstanceCount => Box::pin(task_query::count(call)),
        E::PreviousTaskInstance { dag_id, task_id } => {
            Box::pin(task_query::previous(call, dag_id, task_id))
        }
        E::TaskStates => Box::pin(task_query::states(call)),
        E::Breadcrumbs => Box::pin(task_query::breadcrumbs(call)),
        E::RescheduleStartDate(_) => Box::pin(task_query::reschedule_start_date(call)),
        E::VariableKeys => Box::pin(variable::keys(call)),
        E::GetVariable(key) => Box::pin(variable::get(call, key)),
        E::PutVariable(key) => Box::pin(variable::put(call, key)),
        E::DeleteVariable(key) => Box::pin(variable::delete(call, key)),
        E::XComItem(at, offset) => Box::pin(xcom::item(call, at, offset)),
        E::XComSlice(at) => Box::pin(xcom::slice(call, at)),
        E::XComCount(at) => Box::pin(xcom::count(call, at)),
        E::GetXCom(at) => Box::pin(xcom::get(call, at)),
        E::SetXCom(at) => Box::pin(xcom::set(call, at)),
        E::DeleteXCom(at) => Box::pin(xcom::delete(call, at)),
        E::CreateHitl(_) => Box::pin(hitl::create(call)),
        E::UpdateHitl(_) => Box::pin(hitl::update(call)),
        E::GetHitl(_) => Box::pin(hitl::get(call)),
        E::GetTaskState(_, key) => Box::pin(task_state::get(call, key)),
        E::SetTaskState(_, key) => Box::pin(task_state::set(call, key)),
        E::DeleteTaskState(_, key) => Box::pin(task_state::delete(call, key)),
        E::ClearTaskState(_) => Box::pin(task_state::clear(call)),
        E::GetAssetState(by) => Box::pin(asset_state::get(call, *by)),
        E::SetAssetState(by) => Box::pin(asset_state::set(call, *by)),
        E::DeleteAssetState(by) => Box::pin(asset_state::delete(call, *by)),
        E::ClearAssetState(by) => Box::pin(asset_state::clear(call, *by)),
    }
}

/// Refuses text of no characters.
fn not_empty(value: &Value, place: &Place<'_>, problems: &mut Problems) -> Option<String> {
    let text = crate::request::text(value, place, problems)?;
    if text.is_empty() {
        return problems.add_with(
            "string_too_short",
            place,
            "String should have at least 1 character",
            value,
            json!({"min_length": 1}),
        );
    }
    Some(text)
}

/// Refuses an empty key in the path. `looks` is how many of Airflow's checks find it.
fn key_in_path(name: &str, key: &str, looks: usize, problems: &mut Problems) {
    let part = Place::part("path");
    for _ in 0..looks {
        let _: Option<String> =
            not_empty(&Value::String(key.to_owned()), &part.key(name), problems);
    }
}
