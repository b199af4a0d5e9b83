//! The connection that says who may write the logs.

use aileron_execution_api::ExecutionApi;
use aileron_uri::ConnectionFields;
use serde_json::{Map, Value};

use super::RemoteLogError;

/// What a connection says about an account.
pub(super) struct Account {
    pub(super) host: Option<String>,
    pub(super) login: Option<String>,
    pub(super) password: Option<String>,
    extra: Map<String, Value>,
}

impl Account {
    /// Looks in `AIRFLOW_CONN_...`, then asks the API server; the order of Airflow.
    pub(super) async fn find(id: &str, api: &dyn ExecutionApi) -> Result<Self, RemoteLogError> {
        let refused = |reason: String| RemoteLogError::Connection { reason };
        let variable = format!("AIRFLOW_CONN_{}", id.to_uppercase());
        if let Ok(text) = std::env::var(&variable) {
            let fields = ConnectionFields::from_text(&text)
                .map_err(|error| refused(format!("{variable} cannot be read: {error}")))?;
            return Self::new(
                fields.host,
                fields.login,
                fields.password,
                fields.extra.as_deref(),
            )
            .map_err(refused);
        }
        let connection = api
            .connection(id)
            .await
            .map_err(|error| refused(error.to_string()))?;
        let extra = connection.extra.as_deref();
        Self::new(
            connection.host,
            connection.login,
            connection.password,
            extra,
        )
        .map_err(refused)
    }

    fn new(
        host: Option<String>,
        login: Option<String>,
        password: Option<String>,
        extra: Option<&str>,
    ) -> Result<Self, String> {
        let extra = match extra.filter(|extra| !extra.trim().is_empty()) {
            None => Map::new(),
            // What it holds may be secret.
            Some(extra) => serde_json::from_str(extra)
                .map_err(|_| "the extra of the connection is no JSON object".to_owned())?,
        };
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        Ok(Self {
            host: filled(host),
            login: filled(login),
            password: filled(password),
            extra,
        })
    }

    /// A field of the extra, by its name or by that with the prefix of older Airflows.
    pub(super) fn extra(&self, name: &str) -> Option<String> {
        let prefixed =
            |key: &str| key.starts_with("extra__") && key.ends_with(&format!("__{name}"));
        let value = self.extra.get(name).or_else(|| {
            let mut members = self.extra.iter();
            members.find_map(|(key, value)| prefixed(key).then_some(value))
        })?;
        match value {
            Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            Value::Null => None,
            other => Some(other.to_string()),
        }
    }

    /// `extra` at this place.
    pub(super) fn extra_at(&self, pointer: &[&str]) -> Option<&str> {
        let (first, rest) = pointer.split_first()?;
        let mut value = self.extra.get(*first)?;
        for part in rest {
            value = value.get(part)?;
        }
        value.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(extra: &str) -> Result<Account, String> {
        Account::new(None, Some(String::new()), None, Some(extra))
    }

    #[test]
    fn fields_of_the_extra_are_found_by_old_and_new_names() {
        let account = account(
            r#"{"region_name": "eu", "extra__google_cloud_platform__key_path": "/k", "keyfile_dict": {"a": 1},
                "service_config": {"s3": {"endpoint_url": "http://e"}}, "empty": ""}"#,
        )
        .unwrap();
        assert_eq!(account.extra("region_name").as_deref(), Some("eu"));
        assert_eq!(account.extra("key_path").as_deref(), Some("/k"));
        assert_eq!(account.extra("keyfile_dict").as_deref(), Some(r#"{"a":1}"#));
        assert_eq!(account.extra("empty"), None);
        assert_eq!(
            account.extra_at(&["service_config", "s3", "endpoint_url"]),
            Some("http://e")
        );
        assert_eq!(account.login, None);
    }

    #[test]
    fn an_extra_that_is_no_json_is_not_shown() {
        let error = account("hunter2").err().unwrap();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
