//! Connections as URIs, the form of `AIRFLOW_CONN_...` variables. The rules are in `aileron-uri`.

use aileron_uri::ConnectionFields;

use super::connections::{Connection, mask};
use crate::{Error, Result};

impl Connection {
    /// The connection as a URI, as Airflow writes it: `postgres://user:pass%20word@host:5432/db?sslmode=require`.
    ///
    /// Login, password, host and schema are percent-encoded. An extra that is an object of texts becomes the query; any other extra
    /// stands whole under `__extra__`. The URI holds the password.
    ///
    /// ```
    /// use aileron::Connection;
    ///
    /// let mut connection = Connection::new("db", "postgres");
    /// connection.host = Some("db.example.com".into());
    /// connection.password = Some("p@ss".into());
    /// connection.extra = Some(r#"{"sslmode": "require"}"#.into());
    /// assert_eq!(connection.uri(), "postgres://:p%40ss@db.example.com/?sslmode=require");
    /// ```
    pub fn uri(&self) -> String {
        ConnectionFields::from(self).uri()
    }

    /// Reads a connection from a URI, as Airflow does. Its secrets are masked in logs from now on.
    ///
    /// An empty host, schema or login counts as none. The type `postgresql` becomes `postgres`, and dashes in the type underscores.
    ///
    /// # Errors
    /// When it is not such a URI. The message never shows it.
    ///
    /// ```
    /// use aileron::Connection;
    ///
    /// let connection = Connection::from_uri("db", "postgresql://ada:p%40ss@db.example.com:5432/shop?sslmode=require")?;
    /// assert_eq!(connection.conn_type, "postgres");
    /// assert_eq!(connection.password.as_deref(), Some("p@ss"));
    /// assert_eq!(connection.schema.as_deref(), Some("shop"));
    /// # Ok::<(), aileron::Error>(())
    /// ```
    pub fn from_uri(conn_id: impl Into<String>, uri: &str) -> Result<Self> {
        let conn_id = conn_id.into();
        let fields = ConnectionFields::from_uri(uri).map_err(|reason| {
            Error::no_retry(format!(
                "the URI of connection `{conn_id}` cannot be read: {reason}"
            ))
        })?;
        mask(fields.password.as_deref(), fields.extra.as_deref());
        Ok(Self {
            conn_id,
            conn_type: fields.conn_type,
            host: fields.host,
            schema: fields.schema,
            login: fields.login,
            password: fields.password,
            port: fields.port,
            extra: fields.extra,
        })
    }
}

impl From<&Connection> for ConnectionFields {
    fn from(connection: &Connection) -> Self {
        let connection = connection.clone();
        Self {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn connection() -> Connection {
        let mut connection = Connection::new("c", "my_type");
        connection.host = Some("host".into());
        connection
    }

    #[test]
    fn an_extra_that_is_not_a_flat_object_of_texts_stays_whole() {
        for extra in [
            r#"{"a": 1}"#,
            r#"{"a": {"b": "c"}}"#,
            "[1]",
            "{}",
            "not json",
        ] {
            let mut connection = connection();
            connection.extra = Some(extra.to_owned());
            let uri = connection.uri();
            assert!(uri.starts_with("my-type://host/?__extra__="), "{uri}");
            let read = Connection::from_uri("c", &uri).unwrap();
            assert_eq!(read, connection, "{uri}");
        }
    }

    #[test]
    fn a_host_with_a_protocol_keeps_it() {
        let mut connection = connection();
        connection.host = Some("https://api.example.com".into());
        connection.login = Some("me".into());
        let uri = connection.uri();
        assert_eq!(uri, "my-type://https://me@api.example.com");
        assert_eq!(Connection::from_uri("c", &uri).unwrap(), connection);
    }

    #[test]
    fn what_cannot_be_read_is_refused_without_showing_it() {
        for uri in [
            "a://secret://b://c",
            "a://u:secret@b://c",
            "a://u:secret@host:port/",
            "a://u:secret@host:70000/",
        ] {
            let error = Connection::from_uri("c", uri).unwrap_err().to_string();
            assert!(error.contains("connection `c`"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
