//! Writing and deleting XComs.

use aileron_execution_api::ErrorKind;
use aileron_wire::json::RawJson;
use aileron_wire::message::{DeleteXCom, SetXCom};
use jiff::Timestamp;

use super::map_index;
use crate::database::{Database, Transaction, sql};
use crate::failure::Failure;
use crate::{Metastore, key_length};

pub(crate) async fn set(store: &Metastore, request: SetXCom<RawJson>) -> Result<(), Failure> {
    key_length::check("an XCom", &request.key, 512)?;
    let index = map_index(request.map_index);
    if let Some(length) = request.mapped_length {
        check_length(length, store.settings().max_map_length)?;
    }
    let mut transaction = store.database().begin().await?;
    let dag_run_id = find_run(&mut transaction, &request).await?;
    find_task_instance(&mut transaction, &request, index).await?;
    if let Some(length) = request.mapped_length {
        set_length(&mut transaction, &request, index, length).await?;
    }
    transaction
        .execute(
            sql(
                "insert into xcom (dag_run_id, task_id, map_index, key, dag_result, dag_id, run_id, value, timestamp) \
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
                 on conflict (dag_run_id, task_id, map_index, key) do update set \
                 value = excluded.value, timestamp = excluded.timestamp, dag_result = excluded.dag_result",
            )
            .bind(dag_run_id)
            .bind(request.task_id)
            .bind(index)
            .bind(request.key)
            .bind(request.dag_result)
            .bind(request.dag_id)
            .bind(request.run_id)
            .bind(request.value)
            .bind(Timestamp::now()),
        )
        .await?;
    Ok(transaction.commit().await?)
}

fn check_length(length: i64, most: i64) -> Result<(), Failure> {
    if length < 0 {
        return Err(Failure::because(
            ErrorKind::Invalid,
            "invalid_request",
            format!("a mapped length of {length}: it counts items"),
        ));
    }
    if length > most {
        return Err(Failure::because(
            ErrorKind::BadRequest,
            "unmappable_return_value_length",
            format!(
                "the value has {length} items, and a task may be expanded over {most} at most; \
                 [core] max_map_length sets that"
            ),
        ));
    }
    Ok(())
}

async fn find_run(
    transaction: &mut Transaction,
    request: &SetXCom<RawJson>,
) -> Result<i64, Failure> {
    let (dag_id, run_id) = (&request.dag_id, &request.run_id);
    let row = transaction
        .optional(
            sql("select id from dag_run where dag_id = $1 and run_id = $2")
                .bind(dag_id)
                .bind(run_id),
        )
        .await?;
    let row = row.ok_or_else(|| {
        Failure::refused(
            ErrorKind::NotFound,
            format!("Dag {dag_id:?} has no run {run_id:?}"),
        )
    })?;
    Ok(row.get("id")?)
}

async fn find_task_instance(
    transaction: &mut Transaction,
    request: &SetXCom<RawJson>,
    index: i64,
) -> Result<(), Failure> {
    let found = transaction
        .optional(
            sql("select id from task_instance \
                 where dag_id = $1 and run_id = $2 and task_id = $3 and map_index = $4")
            .bind(&request.dag_id)
            .bind(&request.run_id)
            .bind(&request.task_id)
            .bind(index),
        )
        .await?;
    if found.is_none() {
        return Err(Failure::not_found(format!(
            "run {:?} of Dag {:?} has no instance of task {:?} with map index {index}",
            request.run_id, request.dag_id, request.task_id
        )));
    }
    Ok(())
}

/// How many instances a task gets that is expanded over this value.
async fn set_length(
    transaction: &mut Transaction,
    request: &SetXCom<RawJson>,
    index: i64,
    length: i64,
) -> Result<(), Failure> {
    transaction
        .execute(
            sql(
                "insert into task_map (dag_id, task_id, run_id, map_index, length, keys) \
                 values ($1, $2, $3, $4, $5, $6) \
                 on conflict (dag_id, task_id, run_id, map_index) do update set \
                 length = excluded.length, keys = excluded.keys",
            )
            .bind(&request.dag_id)
            .bind(&request.task_id)
            .bind(&request.run_id)
            .bind(index)
            .bind(length)
            .bind(RawJson::null()),
        )
        .await?;
    Ok(())
}

pub(crate) async fn delete(database: &Database, request: DeleteXCom) -> Result<(), Failure> {
    let mut transaction = database.begin().await?;
    transaction
        .execute(
            sql(
                "delete from xcom where dag_id = $1 and run_id = $2 and task_id = $3 \
                 and map_index = $4 and key = $5",
            )
            .bind(request.dag_id)
            .bind(request.run_id)
            .bind(request.task_id)
            .bind(map_index(request.map_index))
            .bind(request.key),
        )
        .await?;
    Ok(transaction.commit().await?)
}
