//! Connections.
//!
//! Source: `routes/connections.py` and `models/connection.py` of Airflow 3.3.2.

use aileron_execution_api::ErrorKind;
use aileron_uri::ConnectionFields;
use aileron_wire::message::ConnectionResponse;

use uuid::Uuid;

use crate::database::{Row, sql};
use crate::failure::Failure;
use crate::{FernetKeys, Metastore, team};

/// The environment first, then the database.
pub(crate) async fn get(
    store: &Metastore,
    ti_id: Uuid,
    conn_id: &str,
) -> Result<ConnectionResponse, Failure> {
    let settings = store.settings();
    let mut session = store.database().read().await?;
    let team = team::of_task(&mut session, settings, ti_id).await?;
    let named = match settings.multi_team {
        false => settings.secrets.connection(conn_id),
        true => settings.secrets.connection_for(team.as_deref(), conn_id),
    };
    if let Some((name, text)) = named {
        return from_environment(conn_id, &name, text);
    }
    let row = session
        .optional(
            sql(
                "select conn_type, host, schema, login, password, port, extra, is_encrypted, \
                 is_extra_encrypted from connection where conn_id = $1 \
                 and (team_name is null or team_name = $2)",
            )
            .bind(conn_id)
            .bind(team),
        )
        .await?;
    let Some(row) = row else {
        return Err(Failure::not_found(format!(
            "there is no Connection {conn_id:?}"
        )));
    };
    let keys = &settings.fernet_keys;
    Ok(ConnectionResponse {
        conn_id: conn_id.to_owned(),
        conn_type: row.get("conn_type")?,
        host: row.get("host")?,
        schema: row.get("schema")?,
        login: row.get("login")?,
        password: Secret::Password.of(&row, keys, conn_id)?,
        port: row.get("port")?,
        extra: Secret::Extra.of(&row, keys, conn_id)?,
    })
}

/// A column that may be encrypted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Secret {
    Password,
    Extra,
}

impl Secret {
    /// What it says in a row, in plain text.
    pub(crate) fn of(
        self,
        row: &Row,
        keys: &FernetKeys,
        conn_id: &str,
    ) -> Result<Option<String>, Failure> {
        let (column, flag) = match self {
            Self::Password => ("password", "is_encrypted"),
            Self::Extra => ("extra", "is_extra_encrypted"),
        };
        let stored: Option<String> = row.get(column)?;
        let is_encrypted: Option<bool> = row.get(flag)?;
        match stored {
            Some(stored) if !stored.is_empty() && is_encrypted == Some(true) => {
                let what = format!("the {column} of Connection {conn_id:?}");
                keys.decrypt(&what, &stored).map(Some)
            }
            stored => Ok(stored),
        }
    }
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
        // A URI without a path has an empty schema, as Airflow has it.
        schema: fields
            .schema
            .or_else(|| (!text.trim_start().starts_with('{')).then(String::new)),
        login: fields.login,
        password: fields.password,
        port: fields.port,
        extra: fields.extra,
    })
}
