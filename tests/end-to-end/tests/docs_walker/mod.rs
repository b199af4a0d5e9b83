//! Reading the documentation and doing what it says.

pub(crate) mod commands;
mod console;
pub(crate) mod links;
pub(crate) mod messages;
pub(crate) mod mistakes;
mod output;
pub(crate) mod page;
mod shell;
mod snippet;
pub(crate) mod walk;
