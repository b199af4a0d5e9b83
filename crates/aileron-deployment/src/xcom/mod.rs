//! XComs and Dag runs of a deployment.

pub(crate) mod by_probe;
mod query;
mod stored;
mod stream;

pub use query::{DagRun, RunQuery, XCom, XComQuery};
pub use stored::{Resolved, Stored};
pub(crate) use stream::Sender;
pub use stream::{DagRuns, Stream, XComs};
