//! Connections as URIs: reading.
//!
//! The rules are those of `from_uri` in `airflow/sdk/definitions/connection.py` (3.3.2 and 3.4.0b2).

use serde_json::{Map, Value};

use super::{ConnectionFields, ConnectionTextError, EXTRA_KEY, normal_type};
use crate::percent::{Parts, parse_query, unquote};

impl ConnectionFields {
    /// Reads a connection from a URI, as Airflow does.
    ///
    /// An empty host, schema or login counts as none. The type `postgresql` becomes `postgres`, and dashes in the type underscores.
    ///
    /// # Errors
    /// When it is not such a URI.
    pub fn from_uri(uri: &str) -> Result<Self, ConnectionTextError> {
        read(uri).map_err(ConnectionTextError::new)
    }
}

fn read(uri: &str) -> Result<ConnectionFields, String> {
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
    Ok(ConnectionFields {
        conn_type: normal_type(&conn_type),
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
