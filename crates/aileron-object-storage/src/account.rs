//! The connection that says who may use a store, and where it is.

use aileron_uri::ConnectionFields;
use serde_json::{Map, Value};

use crate::OpenError;

/// What an Airflow connection says about an account. `Debug` shows nothing of it.
pub struct Account {
    pub(crate) host: Option<String>,
    pub(crate) login: Option<String>,
    pub(crate) password: Option<String>,
    extra: Map<String, Value>,
}

impl Account {
    /// The account of a connection.
    ///
    /// # Errors
    /// [`OpenError::Connection`] when the extra is no JSON object.
    pub fn new(connection: ConnectionFields) -> Result<Self, OpenError> {
        let extra = connection
            .extra
            .filter(|extra| !extra.trim().is_empty())
            .map_or(Ok(Map::new()), |extra| serde_json::from_str(&extra))
            // What it holds may be secret.
            .map_err(|_| OpenError::connection("the extra of the connection is no JSON object"))?;
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        Ok(Self {
            host: filled(connection.host),
            login: filled(connection.login),
            password: filled(connection.password),
            extra,
        })
    }

    /// A field of the extra, by its name or by that with the prefix of older Airflows.
    pub(crate) fn extra(&self, name: &str) -> Option<String> {
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
    pub(crate) fn extra_at(&self, pointer: &[&str]) -> Option<&str> {
        let (first, rest) = pointer.split_first()?;
        let mut value = self.extra.get(*first)?;
        for part in rest {
            value = value.get(part)?;
        }
        value.as_str()
    }
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(extra: &str) -> Result<Account, OpenError> {
        Account::new(ConnectionFields {
            login: Some(String::new()),
            extra: Some(extra.to_owned()),
            ..ConnectionFields::default()
        })
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
        let error = account("hunter2").err().unwrap().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn nothing_of_an_account_is_shown() {
        let account = account(r#"{"aws_secret_access_key": "hunter2"}"#).unwrap();
        assert_eq!(format!("{account:?}"), "Account { .. }");
    }
}
