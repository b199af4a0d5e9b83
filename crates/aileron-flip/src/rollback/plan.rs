//! What is offloaded, and in the way of a revert.

use std::collections::{BTreeMap, BTreeSet};

use aileron_metastore::Metastore;
use aileron_metastore::database::DatabaseError;
use aileron_metastore::inventory::{
    Lengths, RunChoice, StoredXCom, Texts, UnfinishedRun, XComScanOptions,
};

use super::order::order;
use crate::BaseName;

/// The offloaded XComs of a database.
#[derive(Debug)]
pub struct Plan {
    /// Unfinished runs with offloaded XComs, in the order in which to start them again.
    pub in_flight: Vec<RunInFlight>,
    /// How many offloaded XComs all other runs have.
    pub at_rest: u64,
    /// How many task instances run now, in all Dags. Each of them may still push.
    pub running: u64,
}

/// An unfinished run with offloaded XComs.
#[derive(Debug)]
pub struct RunInFlight {
    /// The run.
    pub run: UnfinishedRun,
    /// Its offloaded XComs.
    pub xcoms: Vec<StoredXCom>,
}

impl Plan {
    /// Looks for offloaded XComs: references below the base. Reads no object.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn read(store: &Metastore, base: &BaseName) -> Result<Self, DatabaseError> {
        let runs = store.inventory().unfinished_runs().await?;
        let running = runs.iter().map(|run| run.running).sum();
        let mut by_run: BTreeMap<(String, String), Vec<StoredXCom>> = BTreeMap::new();
        let mut in_flight = 0_u64;
        let mut scan = store
            .inventory()
            .scan_xcoms(references(base, RunChoice::Unfinished));
        while let Some(page) = scan.next_page().await? {
            for xcom in page.into_iter().filter(|xcom| is_reference(xcom, base)) {
                in_flight += 1;
                let run = (xcom.dag_id.clone(), xcom.run_id.clone());
                by_run.entry(run).or_default().push(xcom);
            }
        }
        let mut all = 0_u64;
        let mut scan = store
            .inventory()
            .scan_xcoms(references(base, RunChoice::All));
        while let Some(page) = scan.next_page().await? {
            all += page.iter().filter(|xcom| is_reference(xcom, base)).count() as u64;
        }
        let in_order = order(runs).into_iter().filter_map(|run| {
            let xcoms = by_run.remove(&(run.dag_id.clone(), run.run_id.clone()))?;
            Some(RunInFlight { run, xcoms })
        });
        Ok(Self {
            in_flight: in_order.collect(),
            at_rest: all.saturating_sub(in_flight),
            running,
        })
    }

    /// How many offloaded XComs unfinished runs have.
    #[must_use]
    pub fn count(&self) -> usize {
        self.in_flight.iter().map(|run| run.xcoms.len()).sum()
    }
}

impl RunInFlight {
    /// The task instances that pushed them: task and map index.
    #[must_use]
    pub fn task_instances(&self) -> BTreeSet<(&str, i64)> {
        let xcoms = self.xcoms.iter();
        xcoms
            .map(|xcom| (xcom.task_id.as_str(), xcom.map_index))
            .collect()
    }
}

/// Whether an XCom that was found by such a scan is a reference below the base.
pub(super) fn is_reference(xcom: &StoredXCom, base: &BaseName) -> bool {
    let text = xcom.text.as_deref();
    text.is_some_and(|text| base.below_text(text).is_some())
}

/// A scan that finds references, and may find more.
pub(super) fn references(base: &BaseName, runs: RunChoice) -> XComScanOptions {
    XComScanOptions {
        lengths: Lengths::Skipped,
        texts: Texts::References(base.tail().to_owned()),
        runs,
    }
}
