//! The objects that rows refer to.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use aileron_metastore::Metastore;
use aileron_metastore::database::DatabaseError;
use aileron_metastore::inventory::{Lengths, RunChoice, Texts, XComScanOptions};
use object_store::path::Path;

use super::mentions::paths_below;
use crate::base::Base;

/// A set of objects, of which only numbers are kept: 8 bytes for each. Two objects with the same number count as one; that keeps an
/// object too many, and never deletes one.
#[derive(Debug, Default, Clone)]
pub(super) struct Objects(HashSet<u64>);

impl Objects {
    pub(super) fn insert(&mut self, object: &Path) {
        self.0.insert(number(object));
    }

    pub(super) fn contains(&self, object: &Path) -> bool {
        self.0.contains(&number(object))
    }

    pub(super) fn remove(&mut self, object: &Path) {
        self.0.remove(&number(object));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn number(object: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    object.as_ref().hash(&mut hasher);
    hasher.finish()
}

/// The objects that anything in the database refers to: XComs, also within larger values, and the state of tasks and assets.
pub(super) async fn referred_to(store: &Metastore, base: &Base) -> Result<Objects, DatabaseError> {
    let tail = base.name().tail();
    let mut objects = Objects::default();
    let mut add = |text: &str| {
        let found = paths_below(text, tail).filter_map(|path| base.object_below(&path));
        found.for_each(|object| objects.insert(&object));
    };
    let inventory = store.inventory();
    let mut scan = inventory.scan_xcoms(XComScanOptions {
        lengths: Lengths::Skipped,
        texts: Texts::Mentioning(tail.to_owned()),
        runs: RunChoice::All,
    });
    while let Some(page) = scan.next_page().await? {
        page.iter()
            .filter_map(|xcom| xcom.text.as_deref())
            .for_each(&mut add);
    }
    for value in inventory.state_mentioning(tail).await? {
        add(&value);
    }
    Ok(objects)
}
