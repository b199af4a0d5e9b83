//! Airflow Connections.

use std::fmt;

use aileron_wire::message::{ConnectionResult, GetConnection};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Context;
use crate::{Error, Result, secrets};

/// Reads Airflow Connections.
#[derive(Debug, Clone, Copy)]
pub struct Connections<'a> {
    context: &'a Context,
}

/// An Airflow Connection: where a system is and how to log in to it.
///
/// `Debug` shows neither the password nor the extra.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connection {
    /// The connection's id.
    pub conn_id: String,
    /// The kind of system, `postgres` for instance.
    pub conn_type: String,
    /// Host name.
    pub host: Option<String>,
    /// Airflow's "schema": a database name, usually.
    pub schema: Option<String>,
    /// User name.
    pub login: Option<String>,
    /// Password.
    pub password: Option<String>,
    /// Port.
    pub port: Option<i64>,
    /// Further settings, JSON text. See [`Connection::extra_as`].
    pub extra: Option<String>,
}

impl Connection {
    /// A connection of that id and type with nothing else set.
    pub fn new(conn_id: impl Into<String>, conn_type: impl Into<String>) -> Self {
        Self {
            conn_id: conn_id.into(),
            conn_type: conn_type.into(),
            host: None,
            schema: None,
            login: None,
            password: None,
            port: None,
            extra: None,
        }
    }

    /// The extra as a typed value.
    ///
    /// # Errors
    /// When there is no extra, it is not JSON, or it does not fit `T`.
    pub fn extra_as<T: DeserializeOwned>(&self) -> Result<T> {
        let text = self.extra.as_deref().ok_or_else(|| {
            Error::no_retry(format!("connection `{}` has no extra", self.conn_id))
        })?;
        serde_json::from_str(text).map_err(|error| {
            Error::no_retry(error).context(format_args!(
                "the extra of connection `{}` does not hold a `{}` as JSON",
                self.conn_id,
                std::any::type_name::<T>()
            ))
        })
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = |value: &Option<String>| value.as_ref().map(|_| "***");
        f.debug_struct("Connection")
            .field("conn_id", &self.conn_id)
            .field("conn_type", &self.conn_type)
            .field("host", &self.host)
            .field("schema", &self.schema)
            .field("login", &self.login)
            .field("password", &hidden(&self.password))
            .field("port", &self.port)
            .field("extra", &hidden(&self.extra))
            .finish()
    }
}

impl<'a> Connections<'a> {
    pub(crate) fn new(context: &'a Context) -> Self {
        Self { context }
    }

    /// The connection of that id. Its password and what its extra holds under sensitive names are masked in logs from
    /// now on.
    ///
    /// # Errors
    /// When there is no such connection, or the supervisor cannot answer.
    pub async fn get(&self, conn_id: &str) -> Result<Connection> {
        self.find(conn_id).await?.ok_or_else(|| {
            Error::msg(format_args!(
                "there is no connection `{conn_id}`; add it in Airflow (Admin > Connections, or AIRFLOW_CONN_{})",
                conn_id.to_uppercase()
            ))
        })
    }

    /// The connection of that id, or `None` when there is none.
    ///
    /// # Errors
    /// When the supervisor cannot answer.
    pub async fn find(&self, conn_id: &str) -> Result<Option<Connection>> {
        let request = GetConnection {
            conn_id: conn_id.to_owned(),
        };
        let outcome: Result<ConnectionResult, _> = self.context.channel().ask(&request).await;
        match outcome {
            Ok(found) => {
                mask(found.password.as_deref(), found.extra.as_deref());
                Ok(Some(found.into()))
            }
            Err(error) if error.is_refused_with("CONNECTION_NOT_FOUND") => Ok(None),
            Err(error) => {
                Err(Error::from(error).context(format_args!("reading connection `{conn_id}`")))
            }
        }
    }
}

/// Masks what is secret in a connection from now on.
pub(super) fn mask(password: Option<&str>, extra: Option<&str>) {
    if let Some(password) = password {
        secrets::register(password);
    }
    if let Some(extra) = extra {
        match serde_json::from_str::<Value>(extra) {
            Ok(value) => secrets::register_named(&value, None),
            Err(_) => secrets::register(extra),
        }
    }
}

impl From<Connection> for ConnectionResult {
    fn from(connection: Connection) -> Self {
        Self {
            conn_id: connection.conn_id,
            conn_type: connection.conn_type,
            host: connection.host,
            schema: connection.schema,
            login: connection.login,
            password: connection.password,
            port: connection.port,
            extra: connection.extra,
        }
    }
}

impl From<ConnectionResult> for Connection {
    fn from(found: ConnectionResult) -> Self {
        Self {
            conn_id: found.conn_id,
            conn_type: found.conn_type,
            host: found.host,
            schema: found.schema,
            login: found.login,
            password: found.password,
            port: found.port,
            extra: found.extra,
        }
    }
}
