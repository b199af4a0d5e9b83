//! The same requests to two servers.

pub(crate) mod asked;
pub(crate) mod differences;
pub(crate) mod generated;
pub(crate) mod pair;
pub(crate) mod queries;
pub(crate) mod states;
pub(crate) mod tables;
pub(crate) mod tokens;
pub(crate) mod values;
