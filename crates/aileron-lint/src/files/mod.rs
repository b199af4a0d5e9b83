//! Files and objects that task bodies write and read.

mod command;
mod place;
mod transfer;

pub(crate) use command::{Command, commands};
pub(crate) use place::{Place, Storage};
pub(crate) use transfer::{Direction, Transfer, transfers};
