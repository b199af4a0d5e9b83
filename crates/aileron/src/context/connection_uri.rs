//! Connections as URIs, the form of `AIRFLOW_CONN_...` variables.
//!
//! The rules are those of `airflow/sdk/definitions/connection.py` (3.3.2 and 3.4.0b2), `get_uri` and `from_uri`.

use serde_json::{Map, Value};

use super::connections::{Connection, mask};
use crate::percent::{Parts, parse_query, query, quote, unquote};
use crate::{Error, Result};

/// The query key that holds an extra which is not a flat object of strings.
const EXTRA_KEY: &str = "__extra__";

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
        let conn_type = self.conn_type.to_lowercase().replace('_', "-");
        let mut uri = format!("{conn_type}://");
        let host = self.host.as_deref().unwrap_or_default();
        let host = match host.split_once("://") {
            // A host that names the connection's own type as its protocol keeps it.
            Some((protocol, _)) if protocol == self.conn_type => host,
            Some((protocol, host)) => {
                if !protocol.is_empty() {
                    uri.push_str(&format!("{protocol}://"));
                }
                host
            }
            None => host,
        };
        let mut authority = self.login.as_deref().map(quote).unwrap_or_default();
        if let Some(password) = &self.password {
            authority.push_str(&format!(":{}", quote(password)));
        }
        if !authority.is_empty() {
            authority.push('@');
        }
        uri.push_str(&authority);
        uri.push_str(&quote(host));
        match self.port {
            Some(port) if port != 0 && host.is_empty() && authority.is_empty() => {
                uri.push_str(&format!("@:{port}"));
            }
            Some(port) if port != 0 => uri.push_str(&format!(":{port}")),
            _ => {}
        }
        let schema = self.schema.as_deref().filter(|schema| !schema.is_empty());
        if let Some(schema) = schema {
            uri.push_str(&format!("/{}", quote(schema)));
        }
        if let Some(extra) = self.extra.as_deref().filter(|extra| !extra.is_empty()) {
            uri.push_str(if schema.is_some() { "?" } else { "/?" });
            uri.push_str(&extra_query(extra));
        }
        uri
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
        let connection = read(&conn_id, uri).map_err(|reason| {
            Error::no_retry(format!(
                "the URI of connection `{conn_id}` cannot be read: {reason}"
            ))
        })?;
        mask(connection.password.as_deref(), connection.extra.as_deref());
        Ok(connection)
    }
}

/// The query for an extra.
fn extra_query(extra: &str) -> String {
    if let Ok(Value::Object(fields)) = serde_json::from_str(extra)
        && let Some(texts) = texts(&fields)
        && !texts.is_empty()
    {
        return query(texts);
    }
    query([(EXTRA_KEY, extra)])
}

/// The fields, when all of them are texts: only those come back from a query as they were.
fn texts(fields: &Map<String, Value>) -> Option<Vec<(&str, &str)>> {
    fields
        .iter()
        .map(|(key, value)| Some((key.as_str(), value.as_str()?)))
        .collect()
}

fn read(conn_id: &str, uri: &str) -> Result<Connection, String> {
    let protocols = uri.matches("://").count();
    if protocols > 2 {
        return Err("it has more than two `://`".to_owned());
    }
    let conn_type = Parts::split(uri).scheme.to_lowercase();
    // A second `://` belongs to a host that names its protocol.
    let rest = match uri.split_once("://") {
        Some((_, rest)) if protocols == 2 => rest.to_owned(),
        Some((_, rest)) => format!("//{rest}"),
        None => uri.to_owned(),
    };
    let mut protocol = "";
    if protocols == 2 {
        protocol = rest.split("://").next().unwrap_or_default();
        if protocol.contains(['@', ':']) {
            return Err(
                "login and password stand before the host's protocol; they go after it".to_owned(),
            );
        }
    }
    let parts = Parts::split(&rest);
    let authority = parts.authority.unwrap_or_default();
    let (user, place) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (login, password) = match user.split_once(':') {
        Some((login, password)) => (login, Some(password)),
        None => (user, None),
    };
    let (host, port) = host_and_port(place);
    let host = host_name(host);
    let host = match protocol {
        "" => host,
        _ if host.is_empty() => host,
        protocol => format!("{}://{host}", protocol.to_lowercase()),
    };
    let filled = |text: String| (!text.is_empty()).then_some(text);
    Ok(Connection {
        conn_id: conn_id.to_owned(),
        conn_type: match conn_type.as_str() {
            "postgresql" => "postgres".to_owned(),
            other => other.replace('-', "_"),
        },
        host: filled(host),
        schema: filled(unquote(parts.path.get(1..).unwrap_or_default())),
        login: filled(unquote(login)),
        password: password.map(unquote),
        port: port_number(port)?,
        extra: extra(parts.query),
    })
}

/// The host, which may be an IPv6 address in brackets, and the text of the port.
fn host_and_port(place: &str) -> (&str, &str) {
    if let Some((_, bracketed)) = place.split_once('[') {
        let (host, rest) = bracketed.split_once(']').unwrap_or((bracketed, ""));
        return (host, rest.split_once(':').map_or("", |(_, port)| port));
    }
    place.split_once(':').unwrap_or((place, ""))
}

/// Hosts are made lower case, except those that are paths.
fn host_name(host: &str) -> String {
    let decoded = unquote(host);
    if decoded.contains('/') {
        return decoded;
    }
    // Python leaves what comes after a `%` alone: it may be the zone of an address.
    match host.split_once('%') {
        Some((before, after)) => unquote(&format!("{}%{after}", before.to_lowercase())),
        None => decoded.to_lowercase(),
    }
}

fn port_number(text: &str) -> Result<Option<i64>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let port: Option<u16> = text.parse().ok().filter(|_| !text.starts_with('+'));
    port.map(|port| Some(port.into()))
        .ok_or_else(|| "its port is not a number from 0 to 65535".to_owned())
}

fn extra(text: &str) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    let mut fields = Map::new();
    for (key, value) in parse_query(text, true) {
        fields.insert(key, Value::String(value));
    }
    match fields.remove(EXTRA_KEY) {
        Some(Value::String(extra)) => Some(extra),
        _ => Some(Value::Object(fields).to_string()),
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
