//! Every message of the supervisor schema, in both directions.
//!
//! [`ToSupervisor`] holds what a task asks, [`ToTask`] what it is told. Each message is a struct of
//! its own that reads and writes its `type`, and [`Message`] is what they have in common.
//!
//! # Absent and null
//!
//! - An optional field with a null default is an `Option`. `None` is not written.
//! - A field that must be there but may be null is an `Option` too. `None` is written as a null,
//!   and reading fails when the key is missing.
//! - An optional field that may be null and whose default is something else keeps both apart:
//!   absent reads as the default, null as `None`.
//!
//! Keys that a struct does not know are ignored.
//!
//! # Values
//!
//! Messages that carry a value take its type as a parameter, `serde_json::Value` by default. With
//! another one the value is decoded or encoded without a tree in between:
//!
//! ```
//! use aileron_wire::message::{Message, SetXCom};
//!
//! let numbers = vec![1, 2, 3];
//! let body = SetXCom::new("return_value", &numbers, "dag", "run", "task").encode()?;
//! let read = SetXCom::<Vec<u8>>::decode(&body)?;
//! assert_eq!(read.value, numbers);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Source of the fields: `airflow/sdk/execution_time/schema/schema.json` of Airflow 3.3 and 3.4.

mod arg_binding;
mod asset;
mod asset_event;
mod asset_state_store;
mod callback;
mod connection;
mod contract;
mod dag_processing;
mod dag_run;
mod defaults;
mod direction;
mod error_type;
mod hitl;
mod kwargs;
mod logging;
mod outcome;
mod redacted;
mod reply;
mod report;
mod startup;
mod tagged;
mod task_instance;
mod task_state_store;
mod text_enum;
mod variable;
mod xcom;

pub use arg_binding::*;
pub use asset::*;
pub use asset_event::*;
pub use asset_state_store::*;
pub use callback::*;
pub use connection::*;
pub use contract::{Message, MessageError};
pub use dag_processing::*;
pub use dag_run::*;
pub use direction::{ToSupervisor, ToTask, TooNew};
pub use error_type::*;
pub use hitl::*;
pub use kwargs::*;
pub use logging::*;
pub use outcome::*;
pub use reply::*;
pub use report::*;
pub use startup::*;
pub use task_instance::*;
pub use task_state_store::*;
pub use variable::*;
pub use xcom::*;

pub(crate) use direction::since;

use contract::message;
use redacted::redacted_debug;
