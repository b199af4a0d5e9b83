//! What a connection holds, and the texts that say it.

mod json;
mod read;
mod write;

use std::fmt;

/// The query key that holds an extra which is not a flat object of strings.
const EXTRA_KEY: &str = "__extra__";

/// What an Airflow connection holds, without its id. `Debug` shows neither the password nor the extra.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ConnectionFields {
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
    /// Further settings, JSON text.
    pub extra: Option<String>,
}

impl fmt::Debug for ConnectionFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = |value: &Option<String>| value.as_ref().map(|_| "***");
        f.debug_struct("ConnectionFields")
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

/// A text that does not say a connection. The message never shows the text: there may be a password in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConnectionTextError(String);

impl ConnectionTextError {
    fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl ConnectionFields {
    /// Reads what an `AIRFLOW_CONN_...` variable holds: JSON when it begins with `{`, a URI otherwise.
    ///
    /// # Errors
    /// Those of [`Self::from_json`] and [`Self::from_uri`].
    ///
    /// ```
    /// use aileron_uri::ConnectionFields;
    ///
    /// let uri = ConnectionFields::from_text("postgres://ada@db.example.com/shop")?;
    /// let json = ConnectionFields::from_text(
    ///     r#"{"conn_type": "postgres", "host": "db.example.com", "login": "ada", "schema": "shop"}"#,
    /// )?;
    /// assert_eq!(uri, json);
    /// # Ok::<(), aileron_uri::ConnectionTextError>(())
    /// ```
    pub fn from_text(text: &str) -> Result<Self, ConnectionTextError> {
        let text = text.trim();
        if text.starts_with('{') {
            Self::from_json(text)
        } else {
            Self::from_uri(text)
        }
    }
}

/// `postgresql` is `postgres` for Airflow, and dashes are underscores.
fn normal_type(conn_type: &str) -> String {
    match conn_type {
        "postgresql" => "postgres".to_owned(),
        other => other.replace('-', "_"),
    }
}
