//! Connections as URIs: writing.
//!
//! The rules are those of `get_uri` in `airflow/sdk/definitions/connection.py` (3.3.2 and 3.4.0b2).

use serde_json::{Map, Value};

use super::{ConnectionFields, EXTRA_KEY};
use crate::percent::{query, quote};

impl ConnectionFields {
    /// The connection as a URI, as Airflow writes it: `postgres://user:pass%20word@host:5432/db?sslmode=require`.
    ///
    /// Login, password, host and schema are percent-encoded. An extra that is an object of texts becomes the query; any other extra
    /// stands whole under `__extra__`. The URI holds the password.
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
