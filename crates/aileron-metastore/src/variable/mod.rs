//! Variables.
//!
//! Source: `routes/variables.py` and `models/variable.py` of Airflow 3.3.2.

use aileron_execution_api::ErrorKind;
use aileron_wire::message::{GetVariableKeys, PutVariable, VariableKeysResult, VariableResponse};

use uuid::Uuid;

use crate::database::{Session, Statement, sql};
use crate::failure::Failure;
use crate::{Metastore, key_length, team};

/// The environment first, then the database.
pub(crate) async fn get(
    store: &Metastore,
    ti_id: Uuid,
    key: &str,
) -> Result<VariableResponse, Failure> {
    let settings = store.settings();
    let mut session = store.database().read().await?;
    let team = team::of_task(&mut session, settings, ti_id).await?;
    let named = match settings.multi_team {
        false => settings.secrets.variable(key),
        true => settings.secrets.variable_for(team.as_deref(), key),
    };
    let value = match named {
        Some(value) => Some(value.to_owned()),
        None => stored(store, &mut session, team, key).await?,
    };
    match value {
        Some(_) => Ok(VariableResponse {
            key: key.to_owned(),
            value,
        }),
        None => Err(Failure::not_found(format!("there is no Variable {key:?}"))),
    }
}

async fn stored(
    store: &Metastore,
    session: &mut Session,
    team: Option<String>,
    key: &str,
) -> Result<Option<String>, Failure> {
    let statement = sql("select val, is_encrypted from variable where key = $1 \
         and (team_name is null or team_name = $2)");
    let row = session.optional(statement.bind(key).bind(team)).await?;
    let Some(row) = row else { return Ok(None) };
    let value: Option<String> = row.get("val")?;
    let is_encrypted: Option<bool> = row.get("is_encrypted")?;
    match value {
        Some(value) if is_encrypted == Some(true) => store
            .settings()
            .fernet_keys
            .decrypt(&format!("Variable {key:?}"), &value)
            .map(Some),
        value => Ok(value),
    }
}

/// A task of a team sees the keys of its team; one without a team sees all.
pub(crate) async fn keys(
    store: &Metastore,
    ti_id: Uuid,
    query: GetVariableKeys,
) -> Result<VariableKeysResult, Failure> {
    if !(1..=10_000).contains(&query.limit) || query.offset < 0 {
        return Err(Failure::because(
            ErrorKind::Invalid,
            "invalid_request",
            format!(
                "limit {} and offset {}: a page has 1 to 10,000 keys, and begins at 0 or later",
                query.limit, query.offset
            ),
        ));
    }
    let mut session = store.database().read().await?;
    let team = team::of_task(&mut session, store.settings(), ti_id).await?;
    let matching = |statement: Statement| {
        let statement = match &query.prefix {
            // Not `like`: it takes `_` and `%` for more than they are, and SQLite's is blind to case.
            Some(prefix) => statement
                .push(" where substr(key, 1, length(")
                .value(prefix)
                .push(")) = ")
                .value(prefix),
            None => statement.push(" where true"),
        };
        match &team {
            Some(team) => statement.push(" and team_name = ").value(team),
            None => statement,
        }
    };
    let total = session
        .one(matching(sql("select count(*) as n from variable")))
        .await?;
    let page = matching(sql("select key from variable"))
        .push(" order by key limit ")
        .value(query.limit)
        .push(" offset ")
        .value(query.offset);
    let rows = session.all(page).await?;
    Ok(VariableKeysResult {
        keys: rows
            .iter()
            .map(|row| row.get("key"))
            .collect::<Result<_, _>>()?,
        total_entries: total.get("n")?,
    })
}

/// The description is replaced too, by nothing if need be.
pub(crate) async fn put(
    store: &Metastore,
    ti_id: Uuid,
    request: PutVariable,
) -> Result<(), Failure> {
    key_length::check("a Variable", &request.key, 250)?;
    // What Python makes of nothing when it asks for text.
    let value = request.value.as_deref().unwrap_or("None");
    let (stored, is_encrypted) = store.settings().fernet_keys.encrypt(value);
    let team = match store.settings().multi_team {
        true => {
            let mut session = store.database().read().await?;
            team::of_task(&mut session, store.settings(), ti_id).await?
        }
        false => None,
    };
    let statement = sql(
        "insert into variable (key, val, description, is_encrypted, team_name) \
         values ($1, $2, $3, $4, $5) on conflict (key) do update set \
         val = excluded.val, description = excluded.description, \
         is_encrypted = excluded.is_encrypted",
    )
    .bind(request.key)
    .bind(stored)
    .bind(request.description)
    .bind(is_encrypted)
    .bind(team);
    store.database().change(statement).await?;
    Ok(())
}

pub(crate) async fn delete(store: &Metastore, ti_id: Uuid, key: &str) -> Result<(), Failure> {
    let mut transaction = store.database().begin().await?;
    let team = team::of_task(&mut transaction, store.settings(), ti_id).await?;
    let statement =
        sql("delete from variable where key = $1 and (team_name is null or team_name = $2)");
    transaction.execute(statement.bind(key).bind(team)).await?;
    Ok(transaction.commit().await?)
}
