//! State of tasks and assets that refers to an object store.

use super::Inventory;
use crate::database::{DatabaseError, Dialect, sql};

impl Inventory<'_> {
    /// The values of the task and the asset state store that have this in their text.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn state_mentioning(&self, part: &str) -> Result<Vec<String>, DatabaseError> {
        let mut session = self.store.database().read().await?;
        let position = match session.dialect() {
            Dialect::Sqlite => "instr",
            Dialect::Postgres => "strpos",
        };
        let mut found = Vec::new();
        for table in ["task_state_store", "asset_state_store"] {
            let statement = sql(format!(
                "select value from {table} where {position}(value, $1) > 0"
            ));
            for row in session.all(statement.bind(part)).await? {
                found.push(row.get("value")?);
            }
        }
        Ok(found)
    }
}
