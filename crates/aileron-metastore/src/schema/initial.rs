//! The rows that a migrated database starts with.

use jiff::Timestamp;

use crate::database::{DatabaseError, Transaction, sql};

/// Slots of the pool that every task is in unless it says otherwise: `[core]
/// default_pool_task_slot_count`.
const DEFAULT_POOL_SLOTS: i64 = 128;

/// Layouts of log files: the one before Airflow 2.3, and the one of today. A Dag run points to one.
const LOG_TEMPLATES: [(&str, &str); 2] = [
    (
        "{{ ti.dag_id }}/{{ ti.task_id }}/{{ ts }}/{{ try_number }}.log",
        "{dag_id}-{task_id}-{logical_date}-{try_number}",
    ),
    (
        "dag_id={{ ti.dag_id }}/run_id={{ ti.run_id }}/task_id={{ ti.task_id }}/\
         {% if ti.map_index >= 0 %}map_index={{ ti.map_index }}/{% endif %}\
         attempt={{ try_number|default(ti.try_number) }}.log",
        "{dag_id}-{task_id}-{run_id}-{map_index}-{try_number}",
    ),
];

pub(super) async fn insert(transaction: &mut Transaction) -> Result<(), DatabaseError> {
    transaction
        .execute(sql("insert into alembic_version (version_num) values ($1)").bind(super::REVISION))
        .await?;
    for (filename, elasticsearch_id) in LOG_TEMPLATES {
        let statement = sql(
            "insert into log_template (filename, elasticsearch_id, created_at) values ($1, $2, $3)",
        );
        transaction
            .execute(
                statement
                    .bind(filename)
                    .bind(elasticsearch_id)
                    .bind(Timestamp::now()),
            )
            .await?;
    }
    let pool = sql(
        "insert into slot_pool (pool, slots, description, include_deferred) values ($1, $2, $3, $4)",
    );
    transaction
        .execute(
            pool.bind("default_pool")
                .bind(DEFAULT_POOL_SLOTS)
                .bind("Default pool")
                .bind(false),
        )
        .await?;
    Ok(())
}
