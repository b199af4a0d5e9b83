//! Human in the loop: questions of tasks, and the answers of people.
//!
//! Source: `routes/hitl.py` and `models/hitl.py` of Airflow 3.3.2.

#[cfg(test)]
mod tests;

use aileron_execution_api::ErrorKind;
use aileron_wire::json::{JsonMap, RawJson};
use aileron_wire::message::{
    CreateHITLDetailPayload, HITLDetailRequestResult, HITLUser, UpdateHITLDetail,
};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::json;
use uuid::Uuid;

use crate::database::{Database, Row, Session, sql};
use crate::failure::Failure;
use crate::scope::Scope;

const QUESTION: &str = "select ti_id, options, subject, body, defaults, multiple, params, assignees, \
    responded_at, responded_by, chosen_options, params_input from hitl_detail where ti_id = $1";

async fn find(session: &mut Session, ti_id: Uuid) -> Result<Option<Row>, Failure> {
    Ok(session.optional(sql(QUESTION).bind(ti_id)).await?)
}

async fn find_or_refuse(session: &mut Session, ti_id: Uuid) -> Result<Row, Failure> {
    find(session, ti_id).await?.ok_or_else(|| {
        Failure::not_found(format!(
            "task instance {ti_id} has asked no person; it may have been cleared since"
        ))
    })
}

/// Asks. A question that was asked before loses its answer. It stays as it is before Airflow 3.4, and
/// becomes this one since.
pub(crate) async fn create(
    database: &Database,
    ti_id: Uuid,
    request: CreateHITLDetailPayload,
) -> Result<HITLDetailRequestResult, Failure> {
    check_speaker(ti_id, request.ti_id)?;
    check_some("options", &request.options)?;
    let mut transaction = database.begin().await?;
    Scope::of(&mut transaction, ti_id).await?;
    let keeps_tries = transaction.schema().keeps_tries();
    match find(&mut transaction, ti_id).await? {
        None => insert(&mut transaction, ti_id, request).await?,
        Some(row) if keeps_tries => {
            if is_answered(&row)? {
                forget_answer(&mut transaction, ti_id).await?;
            }
            ask_anew(&mut transaction, ti_id, request).await?;
        }
        Some(row) if is_answered(&row)? => forget_answer(&mut transaction, ti_id).await?,
        Some(_) => {}
    }
    let row = find_or_refuse(&mut transaction, ti_id).await?;
    let asked = question(&row)?;
    transaction.commit().await?;
    Ok(asked)
}

async fn insert(
    session: &mut Session,
    ti_id: Uuid,
    request: CreateHITLDetailPayload,
) -> Result<(), Failure> {
    let assignees = request.assigned_users.unwrap_or_default();
    session
        .execute(
            sql(
                "insert into hitl_detail (ti_id, options, subject, body, defaults, multiple, params, \
                 assignees, created_at, params_input) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
                 on conflict (ti_id) do nothing",
            )
            .bind(ti_id)
            .bind(to_json(&request.options)?)
            .bind(request.subject)
            .bind(request.body)
            .bind(to_json(&request.defaults)?)
            .bind(request.multiple.unwrap_or(false))
            .bind(to_json(&request.params.unwrap_or_default())?)
            .bind(to_json(&assignees)?)
            .bind(Timestamp::now())
            .bind(to_json(&JsonMap::new())?),
        )
        .await?;
    Ok(())
}

/// Puts this question in the place of the one that was asked before.
async fn ask_anew(
    session: &mut Session,
    ti_id: Uuid,
    request: CreateHITLDetailPayload,
) -> Result<(), Failure> {
    let assignees = request.assigned_users.unwrap_or_default();
    let statement = sql(
        "update hitl_detail set options = $2, subject = $3, body = $4, defaults = $5, \
         multiple = $6, params = $7, assignees = $8, created_at = $9 where ti_id = $1",
    )
    .bind(ti_id)
    .bind(to_json(&request.options)?)
    .bind(request.subject)
    .bind(request.body)
    .bind(to_json(&request.defaults)?)
    .bind(request.multiple.unwrap_or(false))
    .bind(to_json(&request.params.unwrap_or_default())?)
    .bind(to_json(&assignees)?)
    .bind(Timestamp::now());
    session.execute(statement).await?;
    Ok(())
}

async fn forget_answer(session: &mut Session, ti_id: Uuid) -> Result<(), Failure> {
    session
        .execute(
            sql(
                "update hitl_detail set responded_by = null, responded_at = null, \
                 chosen_options = $1, params_input = $2 where ti_id = $3",
            )
            .bind(RawJson::null())
            .bind(to_json(&JsonMap::new())?)
            .bind(ti_id),
        )
        .await?;
    Ok(())
}

/// Answers in the place of a person.
pub(crate) async fn update(
    database: &Database,
    ti_id: Uuid,
    request: UpdateHITLDetail,
) -> Result<JsonMap, Failure> {
    check_speaker(ti_id, request.ti_id)?;
    check_some("chosen options", &request.chosen_options)?;
    let mut transaction = database.begin().await?;
    let row = find_or_refuse(&mut transaction, ti_id).await?;
    if is_answered(&row)? {
        return Err(Failure::refused(
            ErrorKind::Conflict,
            format!("the question of task instance {ti_id} has been answered"),
        ));
    }
    transaction
        .execute(
            sql(
                "update hitl_detail set responded_by = null, responded_at = $1, \
                 chosen_options = $2, params_input = $3 where ti_id = $4",
            )
            .bind(Timestamp::now())
            .bind(to_json(&request.chosen_options)?)
            .bind(to_json(&request.params_input.unwrap_or_default())?)
            .bind(ti_id),
        )
        .await?;
    let row = find_or_refuse(&mut transaction, ti_id).await?;
    let answered = answer(&row)?;
    transaction.commit().await?;
    Ok(answered)
}

pub(crate) async fn get(database: &Database, ti_id: Uuid, asked: Uuid) -> Result<JsonMap, Failure> {
    check_speaker(ti_id, asked)?;
    let mut session = database.read().await?;
    answer(&find_or_refuse(&mut session, ti_id).await?)
}

/// A task instance asks and reads for itself only.
fn check_speaker(ti_id: Uuid, asked: Uuid) -> Result<(), Failure> {
    if ti_id == asked {
        return Ok(());
    }
    Err(Failure::refused(
        ErrorKind::Forbidden,
        format!("task instance {ti_id} may not speak for {asked}"),
    ))
}

fn check_some(what: &str, options: &[String]) -> Result<(), Failure> {
    if options.is_empty() {
        return Err(Failure::because(
            ErrorKind::Invalid,
            "invalid_request",
            format!("there are no {what}; give one at least"),
        ));
    }
    Ok(())
}

fn is_answered(row: &Row) -> Result<bool, Failure> {
    let at: Option<Timestamp> = row.get("responded_at")?;
    Ok(at.is_some())
}

fn question(row: &Row) -> Result<HITLDetailRequestResult, Failure> {
    let multiple: Option<bool> = row.get("multiple")?;
    Ok(HITLDetailRequestResult {
        ti_id: row.get("ti_id")?,
        options: read(row, "options")?.unwrap_or_default(),
        subject: row.get("subject")?,
        body: row.get("body")?,
        defaults: read(row, "defaults")?,
        multiple: Some(multiple.unwrap_or(false)),
        params: Some(read(row, "params")?.unwrap_or_default()),
        assigned_users: Some(read(row, "assignees")?.unwrap_or_default()),
    })
}

fn answer(row: &Row) -> Result<JsonMap, Failure> {
    let at: Option<Timestamp> = row.get("responded_at")?;
    let by: Option<HITLUser> = read(row, "responded_by")?;
    let chosen: Vec<String> = read(row, "chosen_options")?.unwrap_or_default();
    let params: JsonMap = read(row, "params_input")?.unwrap_or_default();
    let fields = [
        ("response_received", json!(at.is_some())),
        ("responded_by_user", json!(by)),
        ("responded_at", json!(at.map(|at| at.to_string()))),
        ("chosen_options", json!(chosen)),
        ("params_input", json!(params)),
    ];
    Ok(fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect())
}

/// A column of JSON. Airflow writes JSON's null for nothing there, and sometimes nothing.
fn read<T: DeserializeOwned>(row: &Row, column: &str) -> Result<Option<T>, Failure> {
    let value: Option<RawJson> = row.get(column)?;
    let Some(value) = value else { return Ok(None) };
    value.read().map_err(|error| {
        Failure::because(
            ErrorKind::Conflict,
            "invalid_value",
            format!("column {column} of table hitl_detail makes no sense: {error}"),
        )
    })
}

fn to_json<T: serde::Serialize + ?Sized>(value: &T) -> Result<RawJson, Failure> {
    RawJson::of(value).map_err(|error| {
        Failure::because(
            ErrorKind::Invalid,
            "invalid_request",
            format!("a field is no JSON: {error}"),
        )
    })
}
