//! What `aileron xcom` and `aileron state` share: the database, how entries are chosen, and how they are shown.

mod choose;
mod database;
mod json_argument;
mod missing;
mod pretty;
mod secrets;
mod selection;
mod span;
mod table;
mod write;

pub(crate) use choose::{one_entry, one_task_instance};
pub(crate) use database::{Access, DatabaseArguments, Opened, block_on};
pub(crate) use json_argument::json_argument;
pub(crate) use missing::{did_you_mean, nothing};
pub(crate) use pretty::pretty;
pub(crate) use secrets::Secrets;
pub(crate) use selection::{Page, Selection};
pub(crate) use span::span_text;
pub(crate) use table::{Table, index_text, printable, time_text};
pub(crate) use write::WriteArguments;
