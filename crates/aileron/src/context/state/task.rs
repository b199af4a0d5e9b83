//! The task state store: what one task instance remembers from try to try.

use std::time::Duration;

use aileron_wire::message::{
    ClearTaskStateStore, DeleteTaskStateStore, GetTaskStateStore, Message, SetTaskStateStore,
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::settings::StateSettings;
use super::{StateStoreError, unkept, value};
use crate::Context;
use crate::context::StateOf;

/// How long a value stays in the task state store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Retention {
    /// As `[state_store] default_retention_days` says: 30 days unless configured, 0 for ever.
    #[default]
    Default,
    /// This long from now on, by this machine's clock.
    For(Duration),
    /// Until the run is deleted.
    Never,
}

/// What this task instance remembers from try to try: a small store of JSON values.
///
/// Each task instance (Dag run, task, map index) has its own. It survives retries and is deleted with the Dag run. A value that was set
/// is stored when the call returns. For what outlives runs see [`AssetStateStore`](crate::AssetStateStore).
///
/// ```
/// use aileron::prelude::*;
///
/// /// Goes on where the try before stopped.
/// #[task(retries = 3)]
/// async fn copy_pages(cx: &Context) -> Result<u32> {
///     let store = cx.task_state_store();
///     let mut page = store.get::<u32>("page").await?.unwrap_or(0);
///     while page < 3 {
///         page += 1;
///         store.set("page", &page).await?;
///     }
///     Ok(page)
/// }
/// # fn main() -> Result<()> {
/// # let rt = tokio::runtime::Builder::new_current_thread().build()?;
/// # rt.block_on(async {
/// let airflow = aileron::testing::Airflow::new();
/// let cx = airflow.context("copy_pages");
/// assert_eq!(copy_pages::run(&cx).await?, 3);
/// assert_eq!(cx.task_state_store().get::<u32>("page").await?, Some(3));
/// # Ok(()) })
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct TaskStateStore<'a> {
    context: &'a Context,
}

impl<'a> TaskStateStore<'a> {
    pub(crate) fn new(context: &'a Context) -> Self {
        Self { context }
    }

    /// The value of a key, or `None` when there is none.
    ///
    /// # Errors
    /// When the value does not fit `T`, the key cannot be one, or the supervisor cannot answer.
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StateStoreError> {
        value::check_key(key)?;
        let request = GetTaskStateStore {
            ti_id: self.context.ti().id,
            key: key.to_owned(),
        };
        let reply = self.context.channel().send(&request).await;
        let (request, not_found) = (GetTaskStateStore::TYPE, "TASK_STORE_NOT_FOUND");
        value::read(self.context, key, request, not_found, reply).await
    }

    /// Stores a value for the default time. It replaces what the key had, its expiry too.
    ///
    /// # Errors
    /// Those of [`TaskStateStore::set_with`].
    pub async fn set<T: Serialize + ?Sized>(
        &self,
        key: &str,
        value: &T,
    ) -> Result<(), StateStoreError> {
        self.set_with(key, value, Retention::Default).await
    }

    /// Stores a value for that long. It replaces what the key had, its expiry too.
    ///
    /// An expired value is not hidden: it stays readable until Airflow's cleanup deletes it.
    ///
    /// # Errors
    /// Before anything is sent: for a null, a value that is not JSON (NaN, infinities), a key that cannot be one, or a retention that
    /// cannot be. After that: when the supervisor cannot store it.
    pub async fn set_with<T: Serialize + ?Sized>(
        &self,
        key: &str,
        value: &T,
        retention: Retention,
    ) -> Result<(), StateStoreError> {
        value::check_key(key)?;
        let context = self.context;
        let settings = &context.inner.state_settings;
        let encoded = value::encode(key, value)?;
        let expires_at = expiry(key, retention, settings, Timestamp::now())?;
        let place = "the task state store";
        let kept = value::keep(context, StateOf::Task, key, &encoded, place).await?;
        match kept {
            Some(external) => self.send(key, external, expires_at).await,
            None => self.send(key, value, expires_at).await,
        }
    }

    /// Stores what is in the database.
    async fn send<T: Serialize>(
        &self,
        key: &str,
        value: T,
        expires_at: Option<Timestamp>,
    ) -> Result<(), StateStoreError> {
        let request = SetTaskStateStore {
            ti_id: self.context.ti().id,
            key: key.to_owned(),
            value,
            expires_at,
        };
        self.context.channel().send(&request).await?;
        Ok(())
    }

    /// Deletes a key; one that is not there is fine.
    ///
    /// # Errors
    /// When the key cannot be one, the supervisor cannot answer, or the object of the value cannot be deleted; the key is gone then.
    pub async fn delete(&self, key: &str) -> Result<(), StateStoreError> {
        value::check_key(key)?;
        let request = DeleteTaskStateStore {
            ti_id: self.context.ti().id,
            key: key.to_owned(),
        };
        self.context.channel().send(&request).await?;
        let storage = &self.context.inner.storage;
        let deleted = storage.delete_state(self.context, StateOf::Task, key).await;
        deleted.map_err(|error| unkept(key, error))
    }

    /// Deletes every key of this task instance. Other map indexes of the task keep theirs.
    ///
    /// # Errors
    /// When the supervisor cannot answer.
    pub async fn clear(&self) -> Result<(), StateStoreError> {
        let request = ClearTaskStateStore {
            ti_id: self.context.ti().id,
        };
        self.context.channel().send(&request).await?;
        let storage = &self.context.inner.storage;
        let cleared = storage.clear_states(self.context, StateOf::Task).await;
        cleared.map_err(|error| unkept("", error))
    }
}

/// When the value expires: an instant in UTC, because the API server and the cleanup may have another time zone.
fn expiry(
    key: &str,
    retention: Retention,
    settings: &StateSettings,
    now: Timestamp,
) -> Result<Option<Timestamp>, StateStoreError> {
    let kept = match retention {
        Retention::Never => return Ok(None),
        Retention::For(duration) => SignedDuration::try_from(duration).ok(),
        Retention::Default => match settings.retention_days()? {
            0 => return Ok(None),
            days => days.checked_mul(24).map(SignedDuration::from_hours),
        },
    };
    kept.and_then(|kept| now.checked_add(kept).ok())
        .map(Some)
        .ok_or_else(|| StateStoreError::BadRetention {
            key: key.to_owned(),
            reason: "it would end after the year 9999".to_owned(),
        })
}

#[cfg(test)]
mod tests {
    use aileron_config::Config;

    use super::*;
    use crate::testing::Airflow;

    fn expires(retention: Retention, variable: (&str, &str)) -> Result<Option<String>, String> {
        let settings = StateSettings::new(Config::with_environment([variable]).into());
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        expiry("k", retention, &settings, now)
            .map(|at| at.map(|at| at.to_string()))
            .map_err(|error| error.to_string())
    }

    const DAYS: &str = "AIRFLOW__STATE_STORE__DEFAULT_RETENTION_DAYS";

    #[test]
    fn expiry_is_an_instant_in_utc_and_absent_for_never() {
        let days = |days| expires(Retention::Default, (DAYS, days)).unwrap();
        assert_eq!(days("7").as_deref(), Some("2026-01-08T00:00:00Z"));
        assert_eq!(days("0"), None);
        let unset = expires(Retention::Default, ("OTHER", "")).unwrap();
        assert_eq!(unset.as_deref(), Some("2026-01-31T00:00:00Z"));
        let hour = expires(Retention::For(Duration::from_secs(3600)), (DAYS, "x")).unwrap();
        assert_eq!(hour.as_deref(), Some("2026-01-01T01:00:00Z"));
        assert_eq!(expires(Retention::Never, (DAYS, "x")), Ok(None));
    }

    #[test]
    fn a_retention_that_cannot_be_is_refused() {
        let error = expires(Retention::For(Duration::MAX), (DAYS, "1")).unwrap_err();
        assert!(error.contains("after the year 9999"), "{error}");
        for (days, expected) in [
            ("-1", "from 0"),
            ("soon", "not a whole number"),
            ("9223372036854775807", "after the year 9999"),
        ] {
            let error = expires(Retention::Default, (DAYS, days)).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_store_belongs_to_one_map_index_and_survives_its_tries() {
        let airflow = Airflow::new();
        let first = airflow.context("t");
        first.task_state_store().set("job", "j-1").await.unwrap();
        let get = async |cx: Context| {
            let value = cx.task_state_store().get::<String>("job").await;
            value.unwrap()
        };
        assert_eq!(get(airflow.context("t")).await.as_deref(), Some("j-1"));
        assert_eq!(get(airflow.context("other")).await, None);
        let mapped = airflow.clone().map_index(3).context("t");
        assert_eq!(get(mapped.clone()).await, None);
        mapped.task_state_store().set("job", "j-3").await.unwrap();
        mapped.task_state_store().clear().await.unwrap();
        assert_eq!(get(mapped).await, None);
        assert_eq!(get(first.clone()).await.as_deref(), Some("j-1"));
        first.task_state_store().delete("job").await.unwrap();
        first.task_state_store().delete("job").await.unwrap();
        assert_eq!(get(first).await, None);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_cannot_be_stored_is_refused_before_it_is_sent() {
        // A context whose every request fails: what is refused earlier never gets there.
        let cx = Airflow::new().unreachable().context("t");
        let store = cx.task_state_store();
        let told = async |key: &str, value: serde_json::Value| {
            store.set(key, &value).await.unwrap_err().to_string()
        };
        assert!(
            told("k", serde_json::Value::Null)
                .await
                .contains("takes no null")
        );
        assert!(told("", 1.into()).await.contains("it is empty"));
        assert!(told("..", 1.into()).await.contains("in a URL"));
        assert!(told(&"k".repeat(513), 1.into()).await.contains("512"));
        let error = store.set("k", &[1.0, f64::NAN]).await.unwrap_err();
        assert!(
            matches!(&error, StateStoreError::NotJson { reason, .. } if reason.contains("[1]")),
            "{error}"
        );
        let error = store.set("k", &None::<i32>).await.unwrap_err();
        assert!(matches!(error, StateStoreError::Null { .. }), "{error}");
        let error = store.set(&"é".repeat(512), &1).await.unwrap_err();
        assert!(matches!(error, StateStoreError::Comm(_)), "{error}");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_value_of_another_type_says_what_was_expected_and_what_came() {
        let cx = Airflow::new().context("t");
        cx.task_state_store().set("n", "three").await.unwrap();
        let error = cx.task_state_store().get::<i64>("n").await.unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("key `n` does not fit: expected `i64`"),
            "{error}"
        );
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_reference_to_a_worker_backend_is_no_value() {
        let cx = Airflow::new().context("t");
        let reference = serde_json::json!({"__airflow_state_ref__": "s3://b/x"});
        cx.task_state_store().set("big", &reference).await.unwrap();
        let error = cx
            .task_state_store()
            .get::<serde_json::Value>("big")
            .await
            .unwrap_err();
        assert!(matches!(error, StateStoreError::External { .. }), "{error}");
    }
}
