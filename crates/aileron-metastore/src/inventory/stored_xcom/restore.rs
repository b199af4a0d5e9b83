//! Putting a value in the place of a reference to it.

use aileron_wire::json::RawJson;

use super::super::Inventory;
use super::StoredXCom;
use crate::database::{DatabaseError, Dialect, Session, sql};

/// What became of an XCom that was a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restored {
    /// The database holds the value, and was asked whether it equals what was given.
    Done,
    /// The reference is not there any more: the XCom was written again or deleted meanwhile. Nothing was changed.
    Changed,
    /// The database took the value and gives another back. Nothing was changed.
    Differs,
}

impl Inventory<'_> {
    /// Puts a value in the place of the reference that a scan found. Only if the reference still stands there; time and
    /// everything else of the row stay.
    ///
    /// With `keep` false everything is done and then taken back: a rehearsal.
    ///
    /// # Errors
    ///
    /// Those of the database; among them what PostgreSQL says of a value that `jsonb` cannot hold, such as a text with a zero
    /// character.
    pub async fn restore_xcom(
        &self,
        xcom: &StoredXCom,
        value: RawJson,
        keep: bool,
    ) -> Result<Restored, DatabaseError> {
        let reference = xcom.text.clone().unwrap_or_default();
        let mut transaction = self.store.database().begin().await?;
        let update = sql("update ")
            .push(xcom.place.table())
            .push(" set value = ")
            .value(value.clone());
        let update = xcom
            .place
            .restrict(update)
            .push(" and cast(value as text) = ")
            .value(reference);
        if transaction.execute(update).await? == 0 {
            transaction.rollback().await?;
            return Ok(Restored::Changed);
        }
        if !holds(&mut transaction, xcom, value).await? {
            transaction.rollback().await?;
            return Ok(Restored::Differs);
        }
        match keep {
            true => transaction.commit().await?,
            false => transaction.rollback().await?,
        }
        Ok(Restored::Done)
    }
}

/// Asks the database whether what it holds is this value.
async fn holds(
    session: &mut Session,
    xcom: &StoredXCom,
    value: RawJson,
) -> Result<bool, DatabaseError> {
    let same = match session.dialect() {
        Dialect::Sqlite => sql("select cast(value as text) = ").value(value.into_text()),
        Dialect::Postgres => sql("select value = cast(").value(value).push(" as jsonb)"),
    };
    let statement = same.push(" as same from ").push(xcom.place.table());
    let row = session.optional(xcom.place.restrict(statement)).await?;
    row.map_or(Ok(false), |row| row.get("same"))
}
