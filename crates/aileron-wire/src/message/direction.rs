//! The two directions of the protocol.

use crate::SchemaVersion;
use crate::frame::{EncodeError, message_type};

use super::*;

/// A message that the peer's schema version does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message_type} came with schema version {since}; the peer has {peer}")]
pub struct TooNew {
    /// The `type` of the message.
    pub message_type: &'static str,
    /// The first version that has it.
    pub since: SchemaVersion,
    /// The version of the peer.
    pub peer: SchemaVersion,
}

/// Declares the enum of one direction.
macro_rules! direction {
    ($(#[$doc:meta])* $name:ident { $($message:ident,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        #[allow(clippy::large_enum_variant, reason = "one is handled at a time")]
        pub enum $name {
            $(#[doc = concat!("See [`", stringify!($message), "`](struct@", stringify!($message), ").")]
            $message($message),)*
        }

        impl $name {
            /// The `type` of every message of this direction, in alphabetical order.
            pub const TYPES: &[&str] = &[$(stringify!($message)),*];

            /// Decodes a body by its `type`.
            ///
            /// # Errors
            ///
            /// Any [`MessageError`] but [`MessageError::WrongType`].
            pub fn decode(body: &[u8]) -> Result<Self, MessageError> {
                match message_type(body)? {
                    $(stringify!($message) => Message::decode_checked(body).map(Self::$message),)*
                    other => Err(MessageError::UnknownType { found: other.to_owned() }),
                }
            }

            /// Encodes the body.
            ///
            /// # Errors
            ///
            /// [`EncodeError::Serialize`] and [`EncodeError::NotJson`].
            pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
                match self {
                    $(Self::$message(message) => message.encode(),)*
                }
            }

            /// The `type` of the message.
            #[must_use]
            pub fn message_type(&self) -> &'static str {
                match self {
                    $(Self::$message(_) => stringify!($message),)*
                }
            }

            /// Takes out what `to` does not know.
            ///
            /// # Errors
            ///
            /// [`TooNew`] when `to` does not know the message itself.
            pub fn downgrade(&mut self, to: SchemaVersion) -> Result<(), TooNew> {
                match self {
                    $(Self::$message(message) => downgrade(message, to),)*
                }
            }

            fn since(message_type: &str) -> Option<SchemaVersion> {
                match message_type {
                    $(stringify!($message) => Some(<$message as Message>::SINCE),)*
                    _ => None,
                }
            }
        }

        $(impl From<$message> for $name {
            fn from(message: $message) -> Self {
                Self::$message(message)
            }
        })*
    };
}

fn downgrade<M: Message>(message: &mut M, to: SchemaVersion) -> Result<(), TooNew> {
    if M::SINCE > to {
        return Err(TooNew {
            message_type: M::TYPE,
            since: M::SINCE,
            peer: to,
        });
    }
    message.downgrade(to);
    Ok(())
}

/// The first version that has messages of this `type`.
pub(crate) fn since(message_type: &str) -> Option<SchemaVersion> {
    ToSupervisor::since(message_type).or_else(|| ToTask::since(message_type))
}

direction! {
    /// What a task, or a process that parses a Dag file, sends to its supervisor.
    ToSupervisor {
        AwaitInputTask,
        ClearAssetStateStoreByName,
        ClearAssetStateStoreByUri,
        ClearTaskStateStore,
        CreateHITLDetailPayload,
        DagFileParsingResult,
        DeferTask,
        DeleteAssetStateStoreByName,
        DeleteAssetStateStoreByUri,
        DeleteTaskStateStore,
        DeleteVariable,
        DeleteXCom,
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
        MaskSecret,
        PutVariable,
        RescheduleTask,
        ResendLoggingFD,
        RetryTask,
        SetAssetStateStoreByName,
        SetAssetStateStoreByUri,
        SetExecutionTimeout,
        SetRenderedFields,
        SetRenderedMapIndex,
        SetTaskStateStore,
        SetXCom,
        SkipDownstreamTasks,
        SucceedTask,
        TaskState,
        TriggerDagRun,
        UpdateDagRunNote,
        UpdateHITLDetail,
        ValidateInletsAndOutlets,
    }
}

direction! {
    /// What a supervisor sends.
    ///
    /// [`CreateHITLDetailPayload`](struct@CreateHITLDetailPayload) goes both ways in Airflow's own unions.
    ToTask {
        AssetEventsResult,
        AssetResult,
        AssetStateStoreResult,
        AssetsByAliasResult,
        ConnectionResult,
        CreateHITLDetailPayload,
        DRCount,
        DagFileParseRequest,
        DagResult,
        DagRunResult,
        DagRunStateResult,
        ErrorResponse,
        HITLDetailRequestResult,
        InactiveAssetsResult,
        OKResponse,
        PrevSuccessfulDagRunResult,
        PreviousDagRunResult,
        PreviousTIResult,
        SentFDs,
        StartupDetails,
        TICount,
        TaskBreadcrumbsResult,
        TaskRescheduleStartDate,
        TaskStateStoreResult,
        TaskStatesResult,
        VariableKeysResult,
        VariableResult,
        XComCountResponse,
        XComResult,
        XComSequenceIndexResult,
        XComSequenceSliceResult,
    }
}
