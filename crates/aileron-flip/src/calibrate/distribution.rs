//! The sizes of all XComs of a database.

use std::collections::BTreeMap;

use aileron_metastore::Metastore;
use aileron_metastore::database::DatabaseError;
use aileron_metastore::inventory::{Lengths, RunChoice, StoredXCom, Texts, XComScanOptions};

use super::Sizes;
use crate::BaseName;

/// What pushes XComs: a key of a task of a Dag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// The Dag.
    pub dag_id: String,
    /// The task.
    pub task_id: String,
    /// The key.
    pub key: String,
}

/// The sizes of XComs, by what pushes them.
#[derive(Debug, Clone, Default)]
pub struct Distribution {
    /// The sizes of each source.
    pub sources: BTreeMap<Source, Sizes>,
    /// How many XComs refer to an object store already. Their sizes are not in the database.
    pub references: u64,
}

impl Distribution {
    /// Reads the lengths of all XComs; the database computes them, and no value is loaded. What is a reference below
    /// `base` is not counted among the sizes. `seen` is told after each page how many XComs that were so far.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn read(
        store: &Metastore,
        base: Option<&BaseName>,
        mut seen: impl FnMut(u64),
    ) -> Result<Self, DatabaseError> {
        let inventory = store.inventory();
        let mut scan = inventory.scan_xcoms(XComScanOptions {
            lengths: Lengths::Computed,
            texts: base.map_or(Texts::None, |base| {
                Texts::References(base.tail().to_owned())
            }),
            runs: RunChoice::All,
        });
        let mut distribution = Self::default();
        let mut count = 0;
        while let Some(page) = scan.next_page().await? {
            count += page.len() as u64;
            for xcom in page {
                distribution.add(xcom, base);
            }
            seen(count);
        }
        Ok(distribution)
    }

    fn add(&mut self, xcom: StoredXCom, base: Option<&BaseName>) {
        let text = xcom.text.as_deref();
        if text.and_then(|text| base?.below_text(text)).is_some() {
            self.references += 1;
            return;
        }
        // Nothing stored reads as null.
        let length = xcom.length.map_or(4, i64::unsigned_abs);
        let source = Source {
            dag_id: xcom.dag_id,
            task_id: xcom.task_id,
            key: xcom.key,
        };
        self.sources.entry(source).or_default().record(length);
    }

    /// The sizes of all sources.
    #[must_use]
    pub fn overall(&self) -> Sizes {
        self.sources
            .values()
            .fold(Sizes::default(), |mut all, sizes| {
                all.add(sizes);
                all
            })
    }
}
