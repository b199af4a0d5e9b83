//! What is stored, for a person who looks for it: XComs and the state of tasks and assets.
//!
//! The rules of the Execution API know a task instance and its keys. A person knows some of the
//! names, and wants to see what there is.

mod asset;
mod entry;
mod expired;
mod line;
mod live;
mod names;
mod retries;
mod state_mentions;
mod stored_xcom;
#[cfg(test)]
mod tests;
mod transfer;
mod unfinished;

pub use asset::{AssetEntry, AssetFilter, KnownAsset};
pub use entry::{Entry, Filter, Kind, KnownTaskInstance};
pub use expired::{ExpiredTask, Retention};
pub use line::{AssetLine, AssetStore, LineError, StateLine, TaskLine, TaskStore, WriterLine};
pub use names::Level;
pub use retries::DagRetries;
pub use stored_xcom::{
    Lengths, Restored, RunChoice, StoredXCom, Texts, XComPlace, XComScan, XComScanOptions,
    json_spellings,
};
pub use transfer::{ImportError, Imported, StateImport};
pub use unfinished::UnfinishedRun;

pub use crate::dag::{TaskRetries, retries as retries_of};

use crate::Metastore;

/// What is stored in a metadata database.
///
/// ```
/// use aileron_metastore::Metastore;
/// use aileron_metastore::inventory::{Filter, Kind};
///
/// # async fn example(store: &Metastore) -> Result<(), Box<dyn std::error::Error>> {
/// let filter = Filter { dag_id: Some("orders".into()), ..Filter::default() };
/// for entry in store.inventory().entries(Kind::XCom, &filter, 100).await? {
///     println!("{} {} {}", entry.run_id, entry.task_id, entry.key);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Inventory<'a> {
    store: &'a Metastore,
}

impl Metastore {
    /// What is stored, for a person who looks for it.
    #[must_use]
    pub fn inventory(&self) -> Inventory<'_> {
        Inventory { store: self }
    }
}
