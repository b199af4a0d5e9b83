//! Reading a request.

use aileron_execution_api::AssetRef;
use aileron_wire::frame::message_type;
use aileron_wire::json::RawJson;
use aileron_wire::message::{
    Message, MessageError, SetAssetStateStoreByName, SetAssetStateStoreByUri, SetTaskStateStore,
    SetXCom, ToSupervisor,
};
use uuid::Uuid;

use super::lanes::{Access, Scope};

/// A request. Those that carry a value of any size have it as text, so that nobody takes it apart.
#[derive(Debug)]
pub(super) enum Ask {
    SetXCom(SetXCom<RawJson>),
    SetTaskState(SetTaskStateStore<RawJson>),
    SetAssetState {
        asset: AssetRef,
        key: String,
        value: RawJson,
    },
    Other(Box<ToSupervisor>),
}

impl Ask {
    pub(super) fn decode(body: &[u8]) -> Result<Self, MessageError> {
        Ok(match message_type(body)? {
            "SetXCom" => Self::SetXCom(SetXCom::decode_checked(body)?),
            "SetTaskStateStore" => Self::SetTaskState(SetTaskStateStore::decode_checked(body)?),
            "SetAssetStateStoreByName" => {
                let set = SetAssetStateStoreByName::decode_checked(body)?;
                Self::set_asset_state(AssetRef::Name(set.name), set.key, set.value)
            }
            "SetAssetStateStoreByUri" => {
                let set = SetAssetStateStoreByUri::decode_checked(body)?;
                Self::set_asset_state(AssetRef::Uri(set.uri), set.key, set.value)
            }
            _ => Self::Other(Box::new(ToSupervisor::decode(body)?)),
        })
    }

    fn set_asset_state(asset: AssetRef, key: String, value: RawJson) -> Self {
        Self::SetAssetState { asset, key, value }
    }

    /// The task instance that the request names as the one that asks.
    pub(super) fn ti_id(&self) -> Option<Uuid> {
        use ToSupervisor as T;
        let Self::Other(other) = self else {
            return match self {
                Self::SetTaskState(set) => Some(set.ti_id),
                _ => None,
            };
        };
        Some(match other.as_ref() {
            T::ClearTaskStateStore(m) => m.ti_id,
            T::CreateHITLDetailPayload(m) => m.ti_id,
            T::DeleteTaskStateStore(m) => m.ti_id,
            T::GetPrevSuccessfulDagRun(m) => m.ti_id,
            T::GetTaskRescheduleStartDate(m) => m.ti_id,
            T::GetTaskStateStore(m) => m.ti_id,
            T::UpdateDagRunNote(m) => m.ti_id,
            T::ValidateInletsAndOutlets(m) => m.ti_id,
            _ => return None,
        })
    }

    /// What the request touches.
    pub(super) fn access(&self) -> Access {
        use ToSupervisor as T;
        match self {
            Self::SetXCom(m) => Access::write(xcom(&m.dag_id, &m.task_id, &m.key)),
            Self::SetTaskState(m) => Access::write(Scope::TaskState(Some(m.key.clone()))),
            Self::SetAssetState { key, .. } => Access::write(Scope::AssetState(Some(key.clone()))),
            Self::Other(other) => match other.as_ref() {
                T::GetXCom(m) => Access::read(xcom(&m.dag_id, &m.task_id, &m.key)),
                T::GetXComCount(m) => Access::read(xcom(&m.dag_id, &m.task_id, &m.key)),
                T::GetXComSequenceItem(m) => Access::read(xcom(&m.dag_id, &m.task_id, &m.key)),
                T::GetXComSequenceSlice(m) => Access::read(xcom(&m.dag_id, &m.task_id, &m.key)),
                T::DeleteXCom(m) => Access::write(xcom(&m.dag_id, &m.task_id, &m.key)),
                T::GetVariable(m) => Access::read(Scope::Variables(Some(m.key.clone()))),
                T::GetVariableKeys(_) => Access::read(Scope::Variables(None)),
                T::PutVariable(m) => Access::write(Scope::Variables(Some(m.key.clone()))),
                T::DeleteVariable(m) => Access::write(Scope::Variables(Some(m.key.clone()))),
                T::GetTaskStateStore(m) => Access::read(Scope::TaskState(Some(m.key.clone()))),
                T::DeleteTaskStateStore(m) => Access::write(Scope::TaskState(Some(m.key.clone()))),
                T::ClearTaskStateStore(_) => Access::write(Scope::TaskState(None)),
                T::GetAssetStateStoreByName(m) => {
                    Access::read(Scope::AssetState(Some(m.key.clone())))
                }
                T::GetAssetStateStoreByUri(m) => {
                    Access::read(Scope::AssetState(Some(m.key.clone())))
                }
                T::DeleteAssetStateStoreByName(m) => {
                    Access::write(Scope::AssetState(Some(m.key.clone())))
                }
                T::DeleteAssetStateStoreByUri(m) => {
                    Access::write(Scope::AssetState(Some(m.key.clone())))
                }
                T::ClearAssetStateStoreByName(_) | T::ClearAssetStateStoreByUri(_) => {
                    Access::write(Scope::AssetState(None))
                }
                T::SetRenderedFields(_) | T::SetRenderedMapIndex(_) => {
                    Access::write(Scope::Rendered)
                }
                T::GetDRCount(_)
                | T::GetDagRun(_)
                | T::GetDagRunState(_)
                | T::GetPreviousDagRun(_)
                | T::GetPrevSuccessfulDagRun(_)
                | T::GetPreviousTI(_)
                | T::GetTICount(_)
                | T::GetTaskBreadcrumbs(_)
                | T::GetTaskStates(_) => Access::read(Scope::Runs),
                T::SkipDownstreamTasks(_) | T::TriggerDagRun(_) | T::UpdateDagRunNote(_) => {
                    Access::write(Scope::Runs)
                }
                T::CreateHITLDetailPayload(_) => Access::write(Scope::Human),
                T::AwaitInputTask(_)
                | T::DeferTask(_)
                | T::RescheduleTask(_)
                | T::RetryTask(_)
                | T::SucceedTask(_)
                | T::TaskState(_) => Access::write(Scope::All),
                _ => Access::read(Scope::Nothing),
            },
        }
    }
}

fn xcom(dag_id: &str, task_id: &str, key: &str) -> Scope {
    Scope::XCom {
        dag_id: dag_id.to_owned(),
        task_id: task_id.to_owned(),
        key: key.to_owned(),
    }
}
