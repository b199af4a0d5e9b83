//! Which live deployment a command looks at, and by which way: flags, then the environment, then files.

mod arguments;
mod file;
mod layer;
mod way;

pub(crate) use arguments::DeploymentArguments;
pub(crate) use way::{Reached, rest_api};
