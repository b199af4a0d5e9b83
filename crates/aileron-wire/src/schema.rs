//! Names every type of the supervisor schema, for tests.
//!
//! A test that compares the types with the schema of an installed Airflow, or that checks a
//! promise for all of them, implements [`Visit`] and calls [`each_definition`].

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::json::JsonMap;
use crate::message::*;

/// The definitions that came with 2026-10-30.
pub const ADDED_DEFINITIONS: &[&str] = &[
    "ArgValueSchema",
    "DagSourceCode",
    "LiteralArgBinding",
    "LoopContext",
    "LoopDecisionPayload",
    "SetExecutionTimeout",
    "TaskArgBinding",
    "UpdateDagRunNote",
    "XComArgBinding",
];

/// The fields that came with 2026-10-30, by definition.
pub const ADDED_FIELDS: &[(&str, &[&str])] = &[
    ("BundleInfo", &["version_data"]),
    ("DagCallbackRequest", &["version_data"]),
    (
        "DagFileParsingResult",
        &["parsed_definitions", "dag_source_codes"],
    ),
    ("EmailRequest", &["version_data"]),
    ("GetAssetEventByAsset", ASSET_FILTERS),
    ("GetAssetEventByAssetAlias", ASSET_FILTERS),
    ("GetXCom", &["previous_iteration"]),
    ("GetXComCount", &["previous_iteration"]),
    ("GetXComSequenceItem", &["previous_iteration"]),
    ("GetXComSequenceSlice", &["previous_iteration"]),
    ("PreviousTIResponse", REGION),
    ("SucceedTask", &["loop_decision"]),
    (
        "TIRunContext",
        &[
            "loop",
            "first_task_reschedule_start_date",
            "arg_bindings",
            "multi_team",
        ],
    ),
    ("TaskCallbackRequest", &["version_data"]),
    ("TaskInstance", REGION),
    ("TaskState", &["retry_reason", "loop_decision"]),
];

const ASSET_FILTERS: &[&str] = &["partition_key", "partition_key_regexp_pattern", "extra"];
const REGION: &[&str] = &["region_id", "region_index"];

/// Called once for every type.
pub trait Visit {
    /// `name` is the name of the definition in the published schema.
    fn visit<T: DeserializeOwned + Serialize + PartialEq + Debug>(&mut self, name: &'static str);
}

macro_rules! definitions {
    ($($name:ident $(= $type:ty)?,)*) => {
        /// Visits the type of every definition, in alphabetical order.
        pub fn each_definition(visitor: &mut impl Visit) {
            $(definitions!(@visit visitor $name $(= $type)?);)*
        }
    };
    (@visit $visitor:ident $name:ident = $type:ty) => {
        $visitor.visit::<$type>(stringify!($name))
    };
    (@visit $visitor:ident $name:ident) => {
        $visitor.visit::<$name>(stringify!($name))
    };
}

definitions! {
    ArgValueSchema = JsonMap,
    AssetAliasReferenceAssetEventDagRun,
    AssetEventDagRunReference,
    AssetEventResponse,
    AssetEventsResult,
    AssetProfile,
    AssetReferenceAssetEventDagRun,
    AssetResponse,
    AssetResult,
    AssetStateStoreResult,
    AssetsByAliasResult,
    AwaitInputTask,
    BundleInfo,
    ClearAssetStateStoreByName,
    ClearAssetStateStoreByUri,
    ClearTaskStateStore,
    ConnectionResponse,
    ConnectionResult,
    CreateHITLDetailPayload,
    DRCount,
    DagCallbackRequest,
    DagFileParseRequest,
    DagFileParsingResult,
    DagResult,
    DagRun,
    DagRunAssetReference,
    DagRunContext,
    DagRunResult,
    DagRunState,
    DagRunStateResult,
    DagRunType,
    DagSourceCode,
    DeferTask,
    DeleteAssetStateStoreByName,
    DeleteAssetStateStoreByUri,
    DeleteTaskStateStore,
    DeleteVariable,
    DeleteXCom,
    EmailRequest,
    ErrorResponse,
    ErrorType,
    GetAssetByName,
    GetAssetByUri,
    GetAssetEventByAsset,
    GetAssetEventByAssetAlias,
    GetAssetStateStoreByName,
    GetAssetStateStoreByUri,
    GetAssetsByAlias,
    GetConnection,
    GetDRCount,
    GetDag,
    GetDagRun,
    GetDagRunState,
    GetHITLDetailResponse,
    GetPrevSuccessfulDagRun,
    GetPreviousDagRun,
    GetPreviousTI,
    GetTICount,
    GetTaskBreadcrumbs,
    GetTaskRescheduleStartDate,
    GetTaskStateStore,
    GetTaskStates,
    GetVariable,
    GetVariableKeys,
    GetXCom,
    GetXComCount,
    GetXComSequenceItem,
    GetXComSequenceSlice,
    HITLDetailRequestResult,
    HITLUser,
    InactiveAssetsResult,
    JsonValue = serde_json::Value,
    LazyDeserializedDAG,
    LiteralArgBinding,
    LoopContext,
    LoopDecisionPayload,
    MaskSecret,
    OKResponse,
    PrevSuccessfulDagRunResult,
    PreviousDagRunResult,
    PreviousTIResponse,
    PreviousTIResult,
    PutVariable,
    RescheduleTask,
    ResendLoggingFD,
    RetryTask,
    SentFDs,
    SetAssetStateStoreByName,
    SetAssetStateStoreByUri,
    SetExecutionTimeout,
    SetRenderedFields,
    SetRenderedMapIndex,
    SetTaskStateStore,
    SetXCom,
    SkipDownstreamTasks,
    StartupDetails,
    SucceedTask,
    TICount,
    TIRunContext,
    TaskArgBinding,
    TaskBreadcrumbsResult,
    TaskCallbackRequest,
    TaskInstance,
    TaskInstanceState,
    TaskRescheduleStartDate,
    TaskState,
    TaskStateStoreResult,
    TaskStatesResult,
    TriggerDagRun,
    UpdateDagRunNote,
    UpdateHITLDetail,
    ValidateInletsAndOutlets,
    VariableKeysResult,
    VariableResponse,
    VariableResult,
    XComArgBinding,
    XComCountResponse,
    XComResult,
    XComSequenceIndexResult,
    XComSequenceSliceResult,
}
