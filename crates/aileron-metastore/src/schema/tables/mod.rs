//! All tables of the schema, grouped by what they are about.

mod assets;
mod dag_runs;
mod dags;
mod services;
mod settings;
mod task_instances;
mod values;

use super::table::Table;

/// Every table.
pub(super) fn tables() -> Vec<Table> {
    [
        assets::tables(),
        dags::tables(),
        dag_runs::tables(),
        task_instances::tables(),
        values::tables(),
        settings::tables(),
        services::tables(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
