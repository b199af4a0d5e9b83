//! Writing and deleting XComs.

use aileron_execution_api::ErrorKind;
use aileron_wire::json::RawJson;
use aileron_wire::message::{DeleteXCom, SetXCom};
use jiff::Timestamp;

use uuid::Uuid;

use super::{map_index, tries};
use crate::database::{DatabaseError, Session, Statement, Transaction, sql};
use crate::failure::Failure;
use crate::schema::Schema;
use crate::{Metastore, key_length, team};

pub(crate) async fn set(
    store: &Metastore,
    ti_id: Uuid,
    request: SetXCom<RawJson>,
) -> Result<(), Failure> {
    key_length::check("an XCom", &request.key, 512)?;
    let schema = store.database().schema();
    let index = map_index(schema, request.map_index);
    let keeps_tries = schema.keeps_tries();
    if keeps_tries {
        tries::check(&request)?;
    }
    if let Some(length) = request.mapped_length {
        check_length(length, store.settings().max_map_length)?;
    }
    let database = store.database();
    if keeps_tries || store.settings().multi_team {
        let mut transaction = database.begin().await?;
        let settings = store.settings();
        team::check_xcom(&mut transaction, settings, ti_id, &request.dag_id, true).await?;
        if keeps_tries {
            tries::set(&mut transaction, ti_id, request, index).await?;
            return Ok(transaction.commit().await?);
        }
    }
    let Some(length) = request.mapped_length else {
        if database.change(insert(&request, index)).await? == 0 {
            return Err(missing(&mut database.read().await?, &request, index).await?);
        }
        return Ok(());
    };
    let mut transaction = database.begin().await?;
    if transaction.execute(insert(&request, index)).await? == 0 {
        return Err(missing(&mut transaction, &request, index).await?);
    }
    set_length(&mut transaction, &request, index, length).await?;
    Ok(transaction.commit().await?)
}

/// Changes nothing when there is no such task instance.
fn insert(request: &SetXCom<RawJson>, index: i64) -> Statement {
    sql(
        "insert into xcom (dag_run_id, task_id, map_index, key, dag_result, dag_id, run_id, value, timestamp) \
         select dag_run.id, ti.task_id, ti.map_index, $5, $6, ti.dag_id, ti.run_id, $7, $8 \
         from task_instance ti \
         join dag_run on dag_run.dag_id = ti.dag_id and dag_run.run_id = ti.run_id \
         where ti.dag_id = $1 and ti.run_id = $2 and ti.task_id = $3 and ti.map_index = $4 \
         on conflict (dag_run_id, task_id, map_index, key) do update set \
         value = excluded.value, timestamp = excluded.timestamp, dag_result = excluded.dag_result",
    )
    .bind(&request.dag_id)
    .bind(&request.run_id)
    .bind(&request.task_id)
    .bind(index)
    .bind(&request.key)
    .bind(request.dag_result)
    .bind(request.value.clone())
    .bind(Timestamp::now())
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

/// What is not there: the run, or the task instance in it.
async fn missing(
    session: &mut Session,
    request: &SetXCom<RawJson>,
    index: i64,
) -> Result<Failure, DatabaseError> {
    let (dag_id, run_id) = (&request.dag_id, &request.run_id);
    let run = sql("select id from dag_run where dag_id = $1 and run_id = $2")
        .bind(dag_id)
        .bind(run_id);
    if session.optional(run).await?.is_none() {
        let message = format!("Dag {dag_id:?} has no run {run_id:?}");
        return Ok(Failure::refused(ErrorKind::NotFound, message));
    }
    Ok(Failure::not_found(format!(
        "run {run_id:?} of Dag {dag_id:?} has no instance of task {:?} with map index {index}",
        request.task_id
    )))
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

pub(crate) async fn delete(
    store: &Metastore,
    ti_id: Uuid,
    request: DeleteXCom,
) -> Result<(), Failure> {
    let mut transaction = store.database().begin().await?;
    let settings = store.settings();
    team::check_xcom(&mut transaction, settings, ti_id, &request.dag_id, true).await?;
    if transaction.schema().keeps_tries() {
        let index = map_index(transaction.schema(), request.map_index);
        tries::delete(&mut transaction, ti_id, &request, index).await?;
        return Ok(transaction.commit().await?);
    }
    transaction
        .execute(
            sql(
                "delete from xcom where dag_id = $1 and run_id = $2 and task_id = $3 \
                 and map_index = $4 and key = $5",
            )
            .bind(request.dag_id)
            .bind(request.run_id)
            .bind(request.task_id)
            .bind(map_index(Schema::Airflow332, request.map_index))
            .bind(request.key),
        )
        .await?;
    Ok(transaction.commit().await?)
}
