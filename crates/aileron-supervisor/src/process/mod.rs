//! The process of a task: how it is started, found again among all others, and ended.

mod child;
mod environment;
mod memory;
#[cfg(target_os = "linux")]
mod socket;
mod tree;

pub(crate) use child::{Child, Signal};
pub(crate) use tree::{Owner, owner};
