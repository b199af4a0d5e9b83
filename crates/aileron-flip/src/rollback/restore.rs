//! Bringing offloaded values back into the database.

use aileron_metastore::Metastore;
use aileron_metastore::database::DatabaseError;
use aileron_metastore::inventory::{Restored, RunChoice, StoredXCom};
use aileron_wire::json::RawJson;
use futures_util::StreamExt as _;

use super::plan::{is_reference, references};
use crate::base::Base;
use crate::object::{self, ObjectProblem};

/// How many objects are read at the same time.
const AT_ONCE: usize = 4;

/// How far it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Everything is done: objects are read, values are stored and compared. Then it is taken back.
    Rehearsal,
    /// It is kept.
    Execution,
}

/// What becomes of an offloaded XCom.
#[derive(Debug)]
pub enum Outcome {
    /// The value is in the database, which holds what the object does; in a rehearsal: it would be.
    Restored {
        /// The length of its JSON text in bytes.
        bytes: u64,
    },
    /// It was written again or deleted meanwhile.
    Changed,
    /// It cannot be brought back.
    Stays(Why),
}

/// Why an XCom cannot be brought back.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    /// The object.
    #[error(transparent)]
    Object(ObjectProblem),
    /// The value is larger than what may go into the database.
    #[error("its JSON has {bytes} bytes; --max-inline allows {most}")]
    TooLarge {
        /// The length of its JSON text.
        bytes: u64,
        /// The most that is allowed.
        most: u64,
    },
    /// The database does not take it.
    #[error("the database does not take the value: {0}")]
    Refused(DatabaseError),
    /// The database gives back something else.
    #[error("the database gives back another value than the object has")]
    Differs,
}

/// Why it cannot go on. What was brought back until then stays so; the next time goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The object store.
    #[error("the object store does not answer as it should: {0}")]
    Store(ObjectProblem),
}

/// Which XComs are brought back, and how far.
#[derive(Debug, Clone, Copy)]
pub struct RestoreOptions {
    /// Of which runs.
    pub runs: RunChoice,
    /// How far it goes.
    pub mode: Mode,
    /// The most bytes of JSON that go into the database as one value.
    pub max_inline: u64,
}

/// Brings offloaded values back into the database: each object is read, its value takes the place of the reference, and the
/// database is asked whether it holds the same. An XCom that was written meanwhile is left alone. No object is deleted.
///
/// Each XCom is a transaction of its own. When it is ended half way, a second call goes on.
///
/// # Errors
///
/// When the database or the store does not answer. What is wrong with one XCom is an [`Outcome`], and told to `on_outcome`.
pub async fn restore(
    store: &Metastore,
    base: &Base,
    options: RestoreOptions,
    mut on_outcome: impl FnMut(&StoredXCom, &Outcome),
) -> Result<(), RestoreError> {
    let mut scan = store
        .inventory()
        .scan_xcoms(references(base.name(), options.runs));
    while let Some(page) = scan.next_page().await? {
        let references = page
            .into_iter()
            .filter(|xcom| is_reference(xcom, base.name()));
        let mut restored = futures_util::stream::iter(references)
            .map(async |xcom| {
                let outcome = one(store, base, options, &xcom).await;
                (xcom, outcome)
            })
            .buffer_unordered(AT_ONCE);
        while let Some((xcom, outcome)) = restored.next().await {
            on_outcome(&xcom, &outcome?);
        }
    }
    Ok(())
}

async fn one(
    store: &Metastore,
    base: &Base,
    options: RestoreOptions,
    xcom: &StoredXCom,
) -> Result<Outcome, RestoreError> {
    let value = match object::read(
        base,
        xcom.text.as_deref().unwrap_or_default(),
        options.max_inline,
    )
    .await
    {
        Ok(value) => value,
        Err(ObjectProblem::TooLarge { bytes, most, .. }) => {
            return Ok(Outcome::Stays(Why::TooLarge { bytes, most }));
        }
        Err(problem) if problem.is_of_the_store() => return Err(RestoreError::Store(problem)),
        Err(problem) => return Ok(Outcome::Stays(Why::Object(problem))),
    };
    put(store, xcom, value, options.mode).await
}

async fn put(
    store: &Metastore,
    xcom: &StoredXCom,
    value: RawJson,
    mode: Mode,
) -> Result<Outcome, RestoreError> {
    let bytes = value.get().len() as u64;
    let keep = mode == Mode::Execution;
    let restored = store.inventory().restore_xcom(xcom, value, keep).await;
    Ok(match restored {
        Ok(Restored::Done) => Outcome::Restored { bytes },
        Ok(Restored::Changed) => Outcome::Changed,
        Ok(Restored::Differs) => Outcome::Stays(Why::Differs),
        // What is about this value, and not about the database.
        Err(error @ (DatabaseError::Other { .. } | DatabaseError::Encode(_))) => {
            Outcome::Stays(Why::Refused(error))
        }
        Err(error) => return Err(error.into()),
    })
}
