//! Reading Connections.

use serde::{Deserialize, Serialize};

use super::{defaults::required, message, redacted_debug};

/// Asks for a Connection. The answer is a [`ConnectionResult`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetConnection {
    /// The id of the Connection.
    pub conn_id: String,
}

message!(GetConnection);

/// A Connection. `Debug` shows neither its password nor its extra.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct ConnectionResult {
    /// The id of the Connection.
    pub conn_id: String,
    /// Its type, such as `postgres`.
    pub conn_type: String,
    /// The host.
    #[serde(deserialize_with = "required")]
    pub host: Option<String>,
    /// The schema, or the database.
    #[serde(alias = "schema_", deserialize_with = "required")]
    pub schema: Option<String>,
    /// The user.
    #[serde(deserialize_with = "required")]
    pub login: Option<String>,
    /// The password.
    #[serde(deserialize_with = "required")]
    pub password: Option<String>,
    /// The port.
    #[serde(deserialize_with = "required")]
    pub port: Option<i64>,
    /// Whatever else was attached, as JSON.
    #[serde(deserialize_with = "required")]
    pub extra: Option<String>,
}

redacted_debug!(ConnectionResult { conn_id, conn_type, host, schema, login, port } hides { password, extra });

message!(ConnectionResult, secret = true);

/// A Connection inside another message. `Debug` shows neither its password nor its extra.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ConnectionResponse {
    /// The id of the Connection.
    pub conn_id: String,
    /// Its type, such as `postgres`.
    pub conn_type: String,
    /// The host.
    #[serde(deserialize_with = "required")]
    pub host: Option<String>,
    /// The schema, or the database.
    #[serde(alias = "schema_", deserialize_with = "required")]
    pub schema: Option<String>,
    /// The user.
    #[serde(deserialize_with = "required")]
    pub login: Option<String>,
    /// The password.
    #[serde(deserialize_with = "required")]
    pub password: Option<String>,
    /// The port.
    #[serde(deserialize_with = "required")]
    pub port: Option<i64>,
    /// Whatever else was attached, as JSON.
    #[serde(deserialize_with = "required")]
    pub extra: Option<String>,
}

redacted_debug!(ConnectionResponse { conn_id, conn_type, host, schema, login, port } hides { password, extra });
