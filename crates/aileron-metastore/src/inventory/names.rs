//! Which names there are.

use super::{Filter, Inventory, Kind};
use crate::database::{DatabaseError, Statement, sql};
use crate::schema::Schema;

/// One of the names that an entry is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// Dag ids.
    Dag,
    /// Run ids, the newest first.
    Run,
    /// Task ids.
    Task,
    /// Map indexes.
    MapIndex,
    /// Keys.
    Key(Kind),
}

impl Level {
    /// All levels, from the outermost.
    #[must_use]
    pub fn all(kind: Kind) -> [Self; 5] {
        [
            Self::Dag,
            Self::Run,
            Self::Task,
            Self::MapIndex,
            Self::Key(kind),
        ]
    }

    fn select(self, schema: Schema) -> Statement {
        match self {
            Self::Dag => sql("select dag_id as name from dag where 1 = 1"),
            Self::Run => sql("select run_id as name from dag_run where 1 = 1"),
            Self::Task => sql("select distinct task_id as name from task_instance where 1 = 1"),
            Self::MapIndex => {
                let column = schema.index_column();
                sql(format!(
                    "select distinct cast({column} as varchar(20)) as name, {column} as place \
                     from task_instance where 1 = 1"
                ))
            }
            Self::Key(kind) => sql("select distinct key as name from ")
                .push(kind.table())
                .push(" where 1 = 1"),
        }
    }

    fn order(self) -> &'static str {
        match self {
            Self::Run => " order by id desc",
            Self::MapIndex => " order by place",
            Self::Dag | Self::Task | Self::Key(_) => " order by name",
        }
    }

    /// The part of a filter that is about the levels above this one.
    fn above(self, filter: &Filter) -> Filter {
        let mut above = filter.clone();
        above.key = None;
        let Self::Key(_) = self else {
            above.map_index = None;
            match self {
                Self::Dag => return Filter::default(),
                Self::Run => (above.run_id, above.task_id) = (None, None),
                Self::Task => above.task_id = None,
                Self::MapIndex | Self::Key(_) => {}
            }
            return above;
        };
        above
    }
}

impl Inventory<'_> {
    /// The names at a level, under what the filter says of the levels above it.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn names(&self, level: Level, filter: &Filter) -> Result<Vec<String>, DatabaseError> {
        let schema = self.store.database().schema();
        let statement = level.above(filter).restrict(level.select(schema), schema);
        let statement = statement.push(level.order());
        let rows = self.store.database().read().await?.all(statement).await?;
        rows.iter().map(|row| row.get("name")).collect()
    }
}
