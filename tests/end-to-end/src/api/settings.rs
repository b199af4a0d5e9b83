//! Connections and Variables.

use anyhow::Result;
use serde_json::{Value, json};

use super::http::Api;

impl Api {
    /// Creates a connection; `fields` are those of the API (`host`, `login`, `password`, `extra` and so on).
    ///
    /// # Errors
    /// When Airflow refuses it, for one that exists for instance.
    pub fn create_connection(
        &self,
        connection_id: &str,
        conn_type: &str,
        fields: &Value,
    ) -> Result<()> {
        let mut body = json!({"connection_id": connection_id, "conn_type": conn_type});
        if let (Some(body), Some(fields)) = (body.as_object_mut(), fields.as_object()) {
            body.extend(fields.clone());
        }
        self.post("/connections", &body).map(|_| ())
    }

    /// Creates a Variable.
    ///
    /// # Errors
    /// When Airflow refuses it, for one that exists for instance.
    pub fn create_variable(&self, key: &str, value: &str) -> Result<()> {
        self.post("/variables", &json!({"key": key, "value": value}))
            .map(|_| ())
    }

    /// The text of a Variable, or `None` when there is none of that name.
    ///
    /// # Errors
    /// When Airflow does not answer.
    pub fn variable(&self, key: &str) -> Result<Option<String>> {
        let found = self.find(&format!("/variables/{key}"))?;
        Ok(found.and_then(|variable| variable["value"].as_str().map(str::to_owned)))
    }
}
