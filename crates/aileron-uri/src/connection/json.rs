//! Connections as JSON objects.
//!
//! The rules are those of `from_json` in `airflow/sdk/definitions/connection.py` (3.3.2 and 3.4.0b2).

use serde_json::{Map, Value};

use super::{ConnectionFields, ConnectionTextError, normal_type};

const KEYS: &str = "conn_type, host, schema, login, password, port, extra, description";

impl ConnectionFields {
    /// Reads a connection from a JSON object: `{"conn_type": "postgres", "host": "db", "port": 5432}`.
    ///
    /// The port may be a text, and the extra an object or a text that holds one. A description is read over.
    ///
    /// # Errors
    /// When it is not such an object.
    pub fn from_json(text: &str) -> Result<Self, ConnectionTextError> {
        let mut fields: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
            ConnectionTextError::new(format!(
                "it begins with a brace and is not a JSON object: line {}, column {}",
                error.line(),
                error.column()
            ))
        })?;
        let read = Self {
            conn_type: normal_type(&text_of(&mut fields, "conn_type")?.unwrap_or_default()),
            host: text_of(&mut fields, "host")?,
            schema: text_of(&mut fields, "schema")?,
            login: text_of(&mut fields, "login")?,
            password: text_of(&mut fields, "password")?,
            port: port(fields.remove("port"))?,
            extra: extra(fields.remove("extra")),
        };
        text_of(&mut fields, "description")?;
        if let Some(unknown) = fields.keys().next() {
            return Err(ConnectionTextError::new(format!(
                "a connection has no key {unknown:?}; it has {KEYS}"
            )));
        }
        if read.conn_type.is_empty() {
            return Err(ConnectionTextError::new("its conn_type is missing"));
        }
        Ok(read)
    }
}

fn text_of(
    fields: &mut Map<String, Value>,
    key: &str,
) -> Result<Option<String>, ConnectionTextError> {
    match fields.remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(ConnectionTextError::new(format!("its {key} is not a text"))),
    }
}

/// Nothing, zero and an empty text are no port.
fn port(value: Option<Value>) -> Result<Option<i64>, ConnectionTextError> {
    let number = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) if text.is_empty() => return Ok(None),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(Value::Number(number)) => number.as_i64(),
        Some(_) => None,
    };
    match number {
        Some(0) => Ok(None),
        Some(number) => Ok(Some(number)),
        None => Err(ConnectionTextError::new("its port is not a whole number")),
    }
}

/// Nothing, `{}` and an empty text are no extra.
fn extra(value: Option<Value>) -> Option<String> {
    match value? {
        Value::Null | Value::Bool(false) => None,
        Value::String(text) => Some(text).filter(|text| !text.is_empty()),
        Value::Object(fields) if fields.is_empty() => None,
        Value::Array(items) if items.is_empty() => None,
        value => Some(value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_read_with_its_port_and_extra_in_either_form() {
        let text = r#"{"conn_type": "my-type", "host": "h", "port": "80", "extra": {"a": 1}, "description": "d"}"#;
        let read = ConnectionFields::from_json(text).unwrap();
        assert_eq!((read.conn_type.as_str(), read.port), ("my_type", Some(80)));
        assert_eq!(read.extra.as_deref(), Some(r#"{"a":1}"#));
        let text =
            r#"{"conn_type": "postgresql", "port": 0, "extra": "{\"a\": 1}", "login": null}"#;
        let read = ConnectionFields::from_json(text).unwrap();
        assert_eq!((read.conn_type.as_str(), read.port), ("postgres", None));
        assert_eq!(read.extra.as_deref(), Some(r#"{"a": 1}"#));
        assert_eq!(read.login, None);
    }

    #[test]
    fn what_is_no_connection_is_refused_without_showing_it() {
        for (text, says) in [
            ("{\"password\": \"secret\"", "not a JSON object"),
            (r#"{"password": "secret"}"#, "conn_type is missing"),
            (
                r#"{"conn_type": "a", "password": ["secret"]}"#,
                "password is not a text",
            ),
            (
                r#"{"conn_type": "a", "port": "secret"}"#,
                "port is not a whole number",
            ),
            (
                r#"{"conn_type": "a", "pasword": "secret"}"#,
                "no key \"pasword\"",
            ),
        ] {
            let error = ConnectionFields::from_text(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
