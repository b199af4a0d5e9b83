//! Airflow Variables.

use aileron_wire::message::{DeleteVariable, GetVariable, PutVariable, VariableResult};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Context, VariableKeys};
use crate::{Error, Result, secrets};

/// Reads and writes Airflow Variables: settings that every Dag shares.
///
/// They are not a place for a task's own state: nothing keeps two runs from writing over each other.
#[derive(Debug, Clone, Copy)]
pub struct Variables<'a> {
    context: &'a Context,
}

impl<'a> Variables<'a> {
    pub(crate) fn new(context: &'a Context) -> Self {
        Self { context }
    }

    /// The text of a Variable, or `None` when there is none of that name.
    ///
    /// The value is masked in logs from now on when the name says that it is sensitive (`password`, `token` and the
    /// like), as Airflow does.
    ///
    /// # Errors
    /// When the supervisor cannot answer.
    pub async fn get(&self, key: &str) -> Result<Option<String>> {
        let request = GetVariable {
            key: key.to_owned(),
        };
        let outcome: Result<VariableResult, _> = self.context.channel().ask(&request).await;
        match outcome {
            Ok(variable) => {
                if let Some(value) = &variable.value {
                    secrets::register_named(&Value::from(value.as_str()), Some(key));
                }
                Ok(variable.value)
            }
            Err(error) if error.is_refused_with("VARIABLE_NOT_FOUND") => Ok(None),
            Err(error) => Err(Error::from(error).context(format_args!("reading Variable `{key}`"))),
        }
    }

    /// A Variable that holds JSON, or `None` when there is none of that name.
    ///
    /// # Errors
    /// When its text is not JSON or does not fit `T`, or the supervisor cannot answer.
    pub async fn get_json<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        let Some(text) = self.get(key).await? else {
            return Ok(None);
        };
        // serde_json's message names line and column, never the text: a Variable may be a secret.
        serde_json::from_str(&text).map(Some).map_err(|error| {
            Error::from(error).context(format_args!(
                "Variable `{key}` does not hold a `{}` as JSON",
                std::any::type_name::<T>()
            ))
        })
    }

    /// The keys that start with `prefix`, page by page; all of them for an empty one.
    ///
    /// Airflow lists the keys in its database. Variables of the environment or of a secrets backend are not among them.
    ///
    /// ```
    /// # use aileron::prelude::*;
    /// #[task]
    /// async fn shops(cx: &Context) -> Result<Vec<String>> {
    ///     let mut urls = Vec::new();
    ///     let mut keys = cx.variables().keys("shop_url_");
    ///     while let Some(key) = keys.next().await? {
    ///         urls.extend(cx.variables().get(&key).await?);
    ///     }
    ///     Ok(urls)
    /// }
    /// ```
    pub fn keys(&self, prefix: &str) -> VariableKeys<'a> {
        VariableKeys::new(self.context, prefix)
    }

    /// Sets a Variable to this text.
    ///
    /// # Errors
    /// When the supervisor cannot store it.
    pub async fn set(&self, key: &str, value: &str) -> Result<()> {
        let request = PutVariable {
            key: key.to_owned(),
            value: Some(value.to_owned()),
            description: None,
        };
        secrets::register_named(&Value::from(value), Some(key));
        self.context.channel().send(&request).await?;
        Ok(())
    }

    /// Sets a Variable to this value as JSON.
    ///
    /// # Errors
    /// When the value is not JSON or cannot be stored.
    pub async fn set_json<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<()> {
        let text = serde_json::to_string(value)?;
        self.set(key, &text).await
    }

    /// Deletes a Variable; one that is not there is fine.
    ///
    /// # Errors
    /// When the supervisor cannot answer.
    pub async fn delete(&self, key: &str) -> Result<()> {
        let request = DeleteVariable {
            key: key.to_owned(),
        };
        match self.context.channel().send(&request).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_refused_with("VARIABLE_NOT_FOUND") => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Airflow;

    #[tokio::test(flavor = "current_thread")]
    async fn keys_come_sorted_and_page_by_page() {
        let mut airflow = Airflow::new().variable("other", "1");
        for number in 0..2_500 {
            airflow = airflow.variable(&format!("shop_{number:04}"), "x");
        }
        let cx = airflow.context("t");
        let keys = cx.variables().keys("shop_").all().await.unwrap();
        assert_eq!(keys.len(), 2_500);
        assert!(keys.is_sorted());
        assert_eq!(cx.variables().keys("").all().await.unwrap().len(), 2_501);
        let mut none = cx.variables().keys("absent");
        assert_eq!(none.next().await.unwrap(), None);
        assert_eq!(none.next().await.unwrap(), None);
    }
}
