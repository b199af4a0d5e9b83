//! Connections.
//!
//! Source: `routes/connections.py` and `models/connection.py` of Airflow 3.3.2.

use aileron_execution_api::ErrorKind;
use aileron_uri::ConnectionFields;
use aileron_wire::message::ConnectionResponse;

use crate::Metastore;
use crate::database::{Row, sql};
use crate::failure::Failure;

/// The environment first, then the database.
pub(crate) async fn get(store: &Metastore, conn_id: &str) -> Result<ConnectionResponse, Failure> {
    if let Some((name, text)) = store.settings().secrets.connection(conn_id) {
        return from_environment(conn_id, &name, text);
    }
    let row = store
        .database()
        .read()
        .await?
        .optional(
            sql(
                "select conn_type, host, schema, login, password, port, extra, is_encrypted, \
                 is_extra_encrypted from connection where conn_id = $1 and team_name is null",
            )
            .bind(conn_id),
        )
        .await?;
    let Some(row) = row else {
        return Err(Failure::not_found(format!(
            "there is no Connection {conn_id:?}"
        )));
    };
    let plain = |column: &str, flag: &str| -> Result<Option<String>, Failure> {
        let stored: Option<String> = row.get(column)?;
        match stored {
            Some(stored) if !stored.is_empty() && is_set(&row, flag)? => {
                let what = format!("the {column} of Connection {conn_id:?}");
                let keys = &store.settings().fernet_keys;
                keys.decrypt(&what, &stored).map(Some)
            }
            stored => Ok(stored),
        }
    };
    Ok(ConnectionResponse {
        conn_id: conn_id.to_owned(),
        conn_type: row.get("conn_type")?,
        host: row.get("host")?,
        schema: row.get("schema")?,
        login: row.get("login")?,
        password: plain("password", "is_encrypted")?,
        port: row.get("port")?,
        extra: plain("extra", "is_extra_encrypted")?,
    })
}

fn is_set(row: &Row, flag: &str) -> Result<bool, Failure> {
    let value: Option<bool> = row.get(flag)?;
    Ok(value == Some(true))
}

fn from_environment(conn_id: &str, name: &str, text: &str) -> Result<ConnectionResponse, Failure> {
    let fields = ConnectionFields::from_text(text).map_err(|reason| {
        Failure::because(
            ErrorKind::Conflict,
            "invalid_connection",
            format!("{name} says no connection: {reason}"),
        )
    })?;
    Ok(ConnectionResponse {
        conn_id: conn_id.to_owned(),
        conn_type: fields.conn_type,
        host: fields.host,
        schema: fields.schema,
        login: fields.login,
        password: fields.password,
        port: fields.port,
        extra: fields.extra,
    })
}
