//! Making edits.

mod imports;
mod relocate;
mod store;
mod text;

pub(crate) use imports::add_import_member;
pub(crate) use relocate::{Destination, own_xcom_to_store, variables_to_store};
pub(crate) use text::{insert, name_uses, replace};
