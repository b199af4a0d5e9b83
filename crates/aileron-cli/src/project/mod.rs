//! A project, and the executable that is made of it.

pub(crate) mod cargo;
pub(crate) mod describe;
