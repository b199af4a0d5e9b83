//! Tests of connections, which a worker runs for somebody at the web page.
//!
//! Source: `routes/connection_tests.py` and `models/connection_test.py` of Airflow 3.3.2 and 3.4.0b2.

use aileron_execution_api::{ApiError, ConnectionTestResult, ConnectionTests, ErrorKind};
use aileron_wire::message::ConnectionResponse;
use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use crate::Metastore;
use crate::connection::Secret;
use crate::database::{Dialect, Row, Session, sql};
use crate::failure::Failure;

/// The tests of connections of a metadata database: see [`Metastore::connection_tests`].
#[derive(Debug, Clone)]
pub struct ConnectionTestApi {
    store: Metastore,
}

impl ConnectionTestApi {
    pub(crate) fn new(store: Metastore) -> Self {
        Self { store }
    }
}

#[async_trait]
impl ConnectionTests for ConnectionTestApi {
    async fn start(&self, test_id: Uuid) -> Result<ConnectionResponse, ApiError> {
        start(&self.store, test_id)
            .await
            .map_err(|failure| failure.of(format!("start connection test {test_id}")))
    }

    async fn finish(&self, test_id: Uuid, result: ConnectionTestResult) -> Result<(), ApiError> {
        finish(&self.store, test_id, result)
            .await
            .map_err(|failure| failure.of(format!("finish connection test {test_id}")))
    }
}

/// A test, which is locked until the transaction ends.
async fn load(session: &mut Session, test_id: Uuid) -> Result<Row, Failure> {
    let column = match session.schema().keeps_tries() {
        true => ", commit_allows_update",
        false => "",
    };
    let mut statement = sql(format!(
        "select state, connection_id, conn_type, host, login, password, schema, port, extra, \
         is_encrypted, is_extra_encrypted, commit_on_success, team_name{column} \
         from connection_test_request where id = $1"
    ));
    if session.dialect() == Dialect::Postgres {
        statement = statement.push(" for update");
    }
    let row = session.optional(statement.bind(test_id)).await?;
    row.ok_or_else(|| Failure::not_found(format!("there is no connection test {test_id}")))
}

async fn start(store: &Metastore, test_id: Uuid) -> Result<ConnectionResponse, Failure> {
    let mut transaction = store.database().begin().await?;
    let row = load(&mut transaction, test_id).await?;
    let state: String = row.get("state")?;
    if !matches!(state.as_str(), "pending" | "queued") {
        return Err(conflict(format!(
            "connection test {test_id} is {state}: its connection is given out once, before that"
        )));
    }
    let connection = connection(store, &row)?;
    let statement = sql("update connection_test_request set state = 'running', \
         active_connection_id = connection_id, updated_at = $2 where id = $1");
    transaction
        .execute(statement.bind(test_id).bind(Timestamp::now()))
        .await?;
    transaction.commit().await?;
    Ok(connection)
}

fn connection(store: &Metastore, row: &Row) -> Result<ConnectionResponse, Failure> {
    let id: String = row.get("connection_id")?;
    let keys = &store.settings().fernet_keys;
    Ok(ConnectionResponse {
        conn_type: row.get("conn_type")?,
        host: row.get("host")?,
        schema: row.get("schema")?,
        login: row.get("login")?,
        password: Secret::Password.of(row, keys, &id)?,
        port: row.get("port")?,
        extra: Secret::Extra.of(row, keys, &id)?,
        conn_id: id,
    })
}

async fn finish(
    store: &Metastore,
    test_id: Uuid,
    result: ConnectionTestResult,
) -> Result<(), Failure> {
    let mut transaction = store.database().begin().await?;
    let row = load(&mut transaction, test_id).await?;
    let state: String = row.get("state")?;
    if !matches!(state.as_str(), "pending" | "queued" | "running") {
        return Err(conflict(format!(
            "connection test {test_id} has ended already: it is {state}"
        )));
    }
    let commit: bool = row.get("commit_on_success")?;
    let mut result = result;
    if result.succeeded && commit && !save(store, &mut transaction, &row).await? {
        let id: String = row.get("connection_id")?;
        result = ConnectionTestResult {
            succeeded: false,
            message: Some(format!(
                "The test succeeded, but connection {id:?} was made by somebody else in the meantime, \
                 so what was tested is not saved."
            )),
        };
    }
    let state = if result.succeeded {
        "success"
    } else {
        "failed"
    };
    let statement = sql(
        "update connection_test_request set state = $2, result_message = $3, \
         active_connection_id = null, updated_at = $4 where id = $1",
    )
    .bind(test_id)
    .bind(state)
    .bind(result.message)
    .bind(Timestamp::now());
    transaction.execute(statement).await?;
    Ok(transaction.commit().await?)
}

fn conflict(message: String) -> Failure {
    Failure::because(ErrorKind::Conflict, "conflict", message)
}

/// Saves the connection that was tested. Since Airflow 3.4 one that is there already may be out of
/// bounds; then it stays as it is, and the answer is `false`.
async fn save(store: &Metastore, session: &mut Session, row: &Row) -> Result<bool, Failure> {
    let tested = connection(store, row)?;
    let keys = &store.settings().fernet_keys;
    let hidden = |text: &Option<String>| match text.as_deref() {
        Some("") | None => (text.clone(), false),
        Some(plain) => {
            let (stored, is_encrypted) = keys.encrypt(plain);
            (Some(stored), is_encrypted)
        }
    };
    let (password, is_encrypted) = hidden(&tested.password);
    let (extra, is_extra_encrypted) = hidden(&tested.extra);
    let team_name: Option<String> = row.get("team_name")?;
    let insert = sql(
        "insert into connection (conn_id, conn_type, host, login, password, schema, port, extra, \
         is_encrypted, is_extra_encrypted, team_name) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (conn_id) do nothing",
    )
    .bind(&tested.conn_id)
    .bind(&tested.conn_type)
    .bind(tested.host.clone())
    .bind(tested.login.clone())
    .bind(password.clone())
    .bind(tested.schema.clone())
    .bind(tested.port)
    .bind(extra.clone())
    .bind(is_encrypted)
    .bind(is_extra_encrypted)
    .bind(team_name);
    if session.execute(insert).await? > 0 {
        return Ok(true);
    }
    if session.schema().keeps_tries() && !row.get::<bool>("commit_allows_update")? {
        return Ok(false);
    }
    // An empty password leaves the one that is there, as Airflow has it.
    let has_password = password.as_deref().is_some_and(|text| !text.is_empty());
    let update = sql(
        "update connection set conn_type = $2, host = $3, login = $4, schema = $5, port = $6, \
         extra = $7, is_extra_encrypted = $8, \
         password = case when $9 then $10 else password end, \
         is_encrypted = case when $9 then $11 else is_encrypted end where conn_id = $1",
    )
    .bind(&tested.conn_id)
    .bind(&tested.conn_type)
    .bind(tested.host)
    .bind(tested.login)
    .bind(tested.schema)
    .bind(tested.port)
    .bind(extra)
    .bind(is_extra_encrypted)
    .bind(has_password)
    .bind(password)
    .bind(is_encrypted);
    session.execute(update).await?;
    Ok(true)
}
