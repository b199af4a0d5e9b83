//! What each route does: read the request, ask the store, shape the answer.

mod asset;
mod asset_state;
mod connection;
mod dag_run;
mod hitl;
mod state_update;
mod task_instance;
mod task_query;
mod task_state;
mod variable;
mod xcom;

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::endpoint::Endpoint;
use crate::refusal::Refusal;
use crate::request::{Place, Problems};

/// What an operation ends with.
pub(crate) type Outcome = Result<Answer, Refusal>;

/// Does what the route says.
pub(crate) async fn perform(endpoint: &Endpoint, call: &Call) -> Outcome {
    use Endpoint as E;
    match endpoint {
        E::Health | E::Ping => Err(Refusal::not_found()),
        E::AssetByName => asset::by_name(call).await,
        E::AssetByUri => asset::by_uri(call).await,
        E::AssetsByAlias => asset::by_alias(call).await,
        E::EventsByAsset => asset::events(call).await,
        E::EventsByAlias => asset::events_by_alias(call).await,
        E::StartConnectionTest(_) => connection::start_test(call).await,
        E::FinishConnectionTest(_) => connection::finish_test(call).await,
        E::GetConnection(id) => connection::get(call, id).await,
        E::PreviousDagRunOf(dag_id) => dag_run::previous_of(call, dag_id).await,
        E::GetDagRun(run) => dag_run::get(call, run).await,
        E::TriggerDagRun(run) => dag_run::trigger(call, run).await,
        E::ClearDagRun(run) => dag_run::clear(call, run).await,
        E::DagRunState(run) => dag_run::state(call, run).await,
        E::DagRunCount => dag_run::count(call).await,
        E::PreviousDagRun => dag_run::previous(call).await,
        E::GetDag(dag_id) => dag_run::dag(call, dag_id).await,
        E::Run(_) => task_instance::run(call).await,
        E::UpdateState(_) => state_update::update(call).await,
        E::SkipDownstream(_) => task_instance::skip_downstream(call).await,
        E::Heartbeat(_) => task_instance::heartbeat(call).await,
        E::SetRenderedFields(_) => task_instance::set_rendered_fields(call).await,
        E::SetRenderedMapIndex(_) => task_instance::set_rendered_map_index(call).await,
        E::PreviousSuccessfulDagRun(_) => task_instance::previous_successful(call).await,
        E::ValidateAssets(_) => task_instance::inactive_assets(call).await,
        E::SetDagRunNote(_) => task_instance::set_dag_run_note(call).await,
        E::TaskInstanceCount => task_query::count(call).await,
        E::PreviousTaskInstance { dag_id, task_id } => {
            task_query::previous(call, dag_id, task_id).await
        }
        E::TaskStates => task_query::states(call).await,
        E::Breadcrumbs => task_query::breadcrumbs(call).await,
        E::RescheduleStartDate(_) => task_query::reschedule_start_date(call).await,
        E::VariableKeys => variable::keys(call).await,
        E::GetVariable(key) => variable::get(call, key).await,
        E::PutVariable(key) => variable::put(call, key).await,
        E::DeleteVariable(key) => variable::delete(call, key).await,
        E::XComItem(at, offset) => xcom::item(call, at, offset).await,
        E::XComSlice(at) => xcom::slice(call, at).await,
        E::XComCount(at) => xcom::count(call, at).await,
        E::GetXCom(at) => xcom::get(call, at).await,
        E::SetXCom(at) => xcom::set(call, at).await,
        E::DeleteXCom(at) => xcom::delete(call, at).await,
        E::CreateHitl(_) => hitl::create(call).await,
        E::UpdateHitl(_) => hitl::update(call).await,
        E::GetHitl(_) => hitl::get(call).await,
        E::GetTaskState(_, key) => task_state::get(call, key).await,
        E::SetTaskState(_, key) => task_state::set(call, key).await,
        E::DeleteTaskState(_, key) => task_state::delete(call, key).await,
        E::ClearTaskState(_) => task_state::clear(call).await,
        E::GetAssetState(by) => asset_state::get(call, *by).await,
        E::SetAssetState(by) => asset_state::set(call, *by).await,
        E::DeleteAssetState(by) => asset_state::delete(call, *by).await,
        E::ClearAssetState(by) => asset_state::clear(call, *by).await,
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
