//! Objects that no row refers to, and rows whose object is gone.
//!
//! An object is an orphan when nothing in the database refers to it, its name is one that the backend gives, and it is older than
//! the age guard: a task writes the object first and the row after it. Everything else stays. Before anything is deleted the
//! database is read once more, so that a row which appeared meanwhile keeps its object.
//!
//! Bytes that a task passed by reference may be named within a value that is itself in an object, where no query finds them. So they
//! stay as long as their task instance has any XCom, or has not ended.

mod known;
mod mentions;
mod shape;

use aileron_metastore::Metastore;
use aileron_metastore::database::DatabaseError;
use aileron_metastore::inventory::{Lengths, RunChoice, StoredXCom, Texts, XComScanOptions};
use futures_util::{StreamExt as _, TryStreamExt as _};
use jiff::{SignedDuration, Timestamp};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt as _};

use crate::base::Base;
use known::{Objects, referred_to};
use shape::{Owner, is_of_an_xcom, owner};

/// How many orphans are collected before they are deleted.
const BATCH: usize = 10_000;

/// What is swept.
#[derive(Debug, Clone, Copy)]
pub struct SweepOptions {
    /// Younger objects are left alone.
    pub min_age: SignedDuration,
    /// Whether orphans are deleted, or only counted.
    pub delete: bool,
    /// How many orphans are taken at most.
    pub limit: u64,
}

/// What was found and done.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Swept {
    /// Objects below the base.
    pub objects: u64,
    /// Their size.
    pub bytes: u64,
    /// Objects that something in the database refers to.
    pub referred_to: u64,
    /// Objects that nothing refers to, and that are too young to be judged.
    pub young: u64,
    /// Objects whose names the backend does not give. They are never deleted.
    pub foreign: u64,
    /// Objects that nothing refers to, as many as the limit allows.
    pub orphans: u64,
    /// Their size.
    pub orphan_bytes: u64,
    /// Orphans that were deleted.
    pub deleted: u64,
    /// Their size.
    pub reclaimed_bytes: u64,
    /// Orphans that could not be deleted.
    pub not_deleted: u64,
    /// XComs whose object does not exist.
    pub dangling: u64,
}

/// Something that was found or done.
#[derive(Debug)]
pub enum Finding<'a> {
    /// An object that nothing refers to.
    Orphan {
        /// What a reference to it would be.
        reference: &'a str,
        /// Its size in bytes.
        bytes: u64,
        /// When it was written.
        written_at: Timestamp,
    },
    /// An orphan is gone.
    Deleted {
        /// What a reference to it would be.
        reference: &'a str,
    },
    /// An orphan that could not be deleted.
    NotDeleted {
        /// What a reference to it would be.
        reference: &'a str,
        /// What the store said last.
        problem: Option<&'a object_store::Error>,
    },
    /// An XCom whose object does not exist.
    Dangling {
        /// The XCom.
        xcom: &'a StoredXCom,
        /// Its reference.
        reference: &'a str,
    },
}

/// Why a sweep ended early. What was deleted until then was orphaned; the next sweep goes on.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The object store.
    #[error("the object store cannot be listed: {0}")]
    Store(#[from] object_store::Error),
}

/// Looks at every object below the base and every reference to one.
///
/// # Errors
///
/// When the database or the store does not answer. An object that cannot be deleted is a [`Finding`].
pub async fn sweep(
    store: &Metastore,
    base: &Base,
    options: SweepOptions,
    mut on_finding: impl FnMut(Finding<'_>),
) -> Result<Swept, SweepError> {
    let mut swept = Swept::default();
    // Rows that appear from here on have objects that are too young.
    let oldest = Timestamp::now() - options.min_age;
    let known = referred_to(store, base).await?;
    let mut unseen = known.clone();
    let mut orphans = Vec::new();
    let mut objects = base.store().list(Some(base.prefix()));
    while let Some(object) = objects.try_next().await? {
        let Some(path) = base.path_below(&object.location) else {
            continue;
        };
        swept.objects += 1;
        swept.bytes += object.size;
        unseen.remove(&object.location);
        if known.contains(&object.location) {
            swept.referred_to += 1;
        } else if !is_of_an_xcom(path) && owner(path).is_none() {
            swept.foreign += 1;
        } else if written_at(&object) > oldest {
            swept.young += 1;
        } else if swept.orphans < options.limit {
            if has_live_owner(store, path).await? {
                swept.referred_to += 1;
                continue;
            }
            swept.orphans += 1;
            swept.orphan_bytes += object.size;
            on_finding(Finding::Orphan {
                reference: &reference(base, path),
                bytes: object.size,
                written_at: written_at(&object),
            });
            orphans.push(object);
            if options.delete && orphans.len() >= BATCH {
                delete(store, base, &mut orphans, &mut swept, &mut on_finding).await?;
            }
        }
    }
    if options.delete {
        delete(store, base, &mut orphans, &mut swept, &mut on_finding).await?;
    }
    if !unseen.is_empty() {
        dangling(store, base, &unseen, &mut swept, &mut on_finding).await?;
    }
    Ok(swept)
}

/// Whether an object holds bytes of a task instance whose values may still be wanted.
async fn has_live_owner(store: &Metastore, path: &str) -> Result<bool, DatabaseError> {
    let Some(owner) = owner(path) else {
        return Ok(false);
    };
    let Owner {
        dag_id,
        run_id,
        task_id,
        map_index,
    } = owner;
    let inventory = store.inventory();
    inventory.is_live(dag_id, run_id, task_id, map_index).await
}

/// What a reference to an object is now.
fn reference(base: &Base, path: &str) -> String {
    format!("{}{path}", base.name().shown())
}

fn written_at(object: &ObjectMeta) -> Timestamp {
    let seconds = object.last_modified.timestamp();
    // What is no time cannot be judged, and is as young as can be.
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}

async fn delete(
    store: &Metastore,
    base: &Base,
    orphans: &mut Vec<ObjectMeta>,
    swept: &mut Swept,
    on_finding: &mut impl FnMut(Finding<'_>),
) -> Result<(), SweepError> {
    if orphans.is_empty() {
        return Ok(());
    }
    let known = referred_to(store, base).await?;
    let mut still = Vec::with_capacity(orphans.len());
    for orphan in std::mem::take(orphans) {
        let path = base.path_below(&orphan.location).unwrap_or_default();
        if known.contains(&orphan.location) || has_live_owner(store, path).await? {
            swept.orphans -= 1;
            swept.orphan_bytes -= orphan.size;
            swept.referred_to += 1;
        } else {
            still.push(orphan);
        }
    }
    let orphans = still;
    let paths: Vec<Path> = orphans
        .iter()
        .map(|orphan| orphan.location.clone())
        .collect();
    let paths = futures_util::stream::iter(paths.into_iter().map(Ok)).boxed();
    let mut answers = base.store().delete_stream(paths);
    let (mut gone, mut problem) = (Objects::default(), None);
    // One error may stand for a whole request.
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(path) => gone.insert(&path),
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => problem = Some(error),
        }
    }
    for orphan in &orphans {
        let path = base.path_below(&orphan.location).unwrap_or_default();
        let reference = &reference(base, path);
        if gone.contains(&orphan.location) || is_gone(base, &orphan.location).await {
            swept.deleted += 1;
            swept.reclaimed_bytes += orphan.size;
            on_finding(Finding::Deleted { reference });
        } else {
            swept.not_deleted += 1;
            on_finding(Finding::NotDeleted {
                reference,
                problem: problem.as_ref(),
            });
        }
    }
    Ok(())
}

/// Whether somebody else has deleted it.
async fn is_gone(base: &Base, object: &Path) -> bool {
    matches!(
        base.store().head(object).await,
        Err(object_store::Error::NotFound { .. })
    )
}

/// Rows whose object was not among those listed. It may have been written since, so each is asked for.
async fn dangling(
    store: &Metastore,
    base: &Base,
    unseen: &Objects,
    swept: &mut Swept,
    on_finding: &mut impl FnMut(Finding<'_>),
) -> Result<(), SweepError> {
    let mut scan = store.inventory().scan_xcoms(XComScanOptions {
        lengths: Lengths::Skipped,
        texts: Texts::References(base.name().tail().to_owned()),
        runs: RunChoice::All,
    });
    while let Some(page) = scan.next_page().await? {
        for xcom in &page {
            let Some(Ok(reference)) = xcom.text.as_deref().map(serde_json::from_str::<String>)
            else {
                continue;
            };
            let Some(object) = base
                .object(&reference)
                .filter(|object| unseen.contains(object))
            else {
                continue;
            };
            match base.store().head(&object).await {
                Ok(_) => {}
                Err(object_store::Error::NotFound { .. }) => {
                    swept.dangling += 1;
                    let reference = &reference;
                    on_finding(Finding::Dangling { xcom, reference });
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}
