//! The schemas that are known, and how the tables of each are spelled.

/// A schema that this crate knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Schema {
    /// That of Airflow 3.3.2.
    #[default]
    Airflow332,
    /// That of Airflow 3.4.0b2.
    ///
    /// A try of a task instance is a row of its own there, and stays where it is when the next one
    /// follows. XComs and rendered fields belong to a try. What an upgrade from 3.3 found is in
    /// tables with the suffix `_v1`.
    Airflow340b2,
}

impl Schema {
    /// All of them, oldest first.
    pub const ALL: [Self; 2] = [Self::Airflow332, Self::Airflow340b2];

    /// The Alembic revision.
    #[must_use]
    pub const fn revision(self) -> &'static str {
        match self {
            Self::Airflow332 => "d2f4e1b3c5a7",
            Self::Airflow340b2 => "9cffe90fa0c0",
        }
    }

    /// The Airflow whose `airflow db migrate` makes it.
    #[must_use]
    pub const fn airflow_version(self) -> &'static str {
        match self {
            Self::Airflow332 => "3.3.2",
            Self::Airflow340b2 => "3.4.0b2",
        }
    }

    pub(crate) fn of_revision(revision: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|schema| schema.revision() == revision)
    }

    /// Whether every try is a row of its own, with the values that belong to it.
    pub(crate) const fn keeps_tries(self) -> bool {
        matches!(self, Self::Airflow340b2)
    }

    /// The column with the map index of the task instances `ti`.
    pub(crate) const fn map_index(self) -> &'static str {
        match self {
            Self::Airflow332 => "ti.map_index",
            Self::Airflow340b2 => "ti.region_index",
        }
    }

    /// The same column of the one table that a statement is about. XComs of 3.4 are not meant.
    pub(crate) const fn index_column(self) -> &'static str {
        match self {
            Self::Airflow332 => "map_index",
            Self::Airflow340b2 => "region_index",
        }
    }

    /// The condition that of the task instances `ti` only the latest tries are meant.
    pub(crate) const fn latest_try(self) -> &'static str {
        match self {
            Self::Airflow332 => "",
            Self::Airflow340b2 => " and ti.working_set",
        }
    }

    /// The columns with the names of the task instances `ti`: [`Scope::read`](crate::scope::Scope::read)
    /// reads them.
    pub(crate) const fn names(self) -> &'static str {
        match self {
            Self::Airflow332 => "ti.dag_id, ti.run_id, ti.task_id, ti.map_index",
            // A mapped task has a region of its own. Whatever else has one is in a loop.
            Self::Airflow340b2 => {
                "ti.dag_id, ti.run_id, ti.task_id, ti.region_index as map_index, ti.region_id, \
                 (ti.region_id <> '00000000000000000000000000000000' and not exists (\
                 select 1 from dynamic_region own where own.id = ti.region_id \
                 and own.node_id = ti.task_id and own.parent_region_id is null)) as in_loop"
            }
        }
    }

    /// Whether any of the task instances `ti` is in a loop: 1 for one that is.
    pub(crate) const fn any_in_loop(self) -> &'static str {
        match self {
            Self::Airflow332 => "0",
            Self::Airflow340b2 => {
                "max(case when ti.region_id <> '00000000000000000000000000000000' and not exists (\
                 select 1 from dynamic_region own where own.id = ti.region_id \
                 and own.node_id = ti.task_id and own.parent_region_id is null) \
                 then 1 else 0 end)"
            }
        }
    }
}
