//! Task instances.

pub(crate) mod life;
pub(crate) mod query;
pub(crate) mod rendered;
