//! The same requests to two servers.

pub(crate) mod asked;
pub(crate) mod concurrent;
pub(crate) mod connection_tests;
pub(crate) mod differences;
pub(crate) mod generated;
pub(crate) mod pair;
pub(crate) mod place;
pub(crate) mod queries;
pub(crate) mod seed;
pub(crate) mod states;
pub(crate) mod tables;
pub(crate) mod teams;
pub(crate) mod tokens;
pub(crate) mod values;
