//! Where the values of state stores lie (`airflow/providers/common/io/state_store/backend.py` of the provider 1.11).

use aileron_uri::percent::quote;
use uuid::Uuid;

use super::{ObjectStorage, Reference, SettingsError, StorageError};

/// Whose state it is. A key of it always lies in the same object.
#[derive(Debug, Clone, Copy)]
pub enum StateScope<'a> {
    /// A task instance: what its tries share.
    Task {
        /// The Dag.
        dag_id: &'a str,
        /// The run.
        run_id: &'a str,
        /// The region of the Dag, since Airflow 3.4; that of the Dag itself is all zeros.
        region_id: Option<Uuid>,
        /// The task.
        task_id: &'a str,
        /// The map index; in a region the index in it. -1 for a task that is not mapped.
        index: i64,
    },
    /// An asset, by its name, or by its URI where only that is known.
    Asset(&'a str),
}

impl StateScope<'_> {
    /// The directory of its values below the base.
    fn directory(&self) -> Result<String, SettingsError> {
        match self {
            Self::Asset(asset) => Ok(format!("assets/{}", segment(asset)?)),
            Self::Task {
                dag_id,
                run_id,
                region_id,
                task_id,
                index,
            } => {
                let region = region_id.filter(|region| !region.is_nil());
                let region = region.map_or_else(String::new, |id| format!("region={id}/"));
                Ok(format!(
                    "{}/{}/{region}{}/{index}",
                    segment(dag_id)?,
                    segment(run_id)?,
                    segment(task_id)?,
                ))
            }
        }
    }
}

/// A part of a path.
fn segment(text: &str) -> Result<String, SettingsError> {
    if matches!(text, "" | "." | "..") {
        return Err(SettingsError::Name {
            reason: format!("`{text}` cannot be a part of a path"),
        });
    }
    Ok(quote(text))
}

impl ObjectStorage {
    /// The object of a key, with the suffix of the compression that is configured.
    ///
    /// # Errors
    /// [`SettingsError::Name`] when no object can be named for it.
    pub fn state(&self, scope: &StateScope<'_>, key: &str) -> Result<Reference, SettingsError> {
        let directory = scope.directory()?;
        self.object(&format!("{directory}/{}{}", segment(key)?, self.suffix()))
    }

    /// Deletes the objects of all keys.
    ///
    /// # Errors
    /// [`StorageError`], which names the first object that could not be deleted.
    pub async fn clear_states(&self, scope: &StateScope<'_>) -> Result<(), StorageError> {
        let directory = scope.directory();
        match directory.and_then(|directory| self.object(&directory)) {
            Ok(directory) => self.clear_directory(&directory).await,
            // A scope that no object can have has none.
            Err(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use aileron_config::Config;
    use aileron_wire::json::encode;

    use super::*;
    use crate::storage::Settings;

    fn storage(base: &str) -> ObjectStorage {
        let settings = Settings::of_state_stores(&Config::with_environment([
            ("AIRFLOW__COMMON_IO__STATE_STORE_OBJECTSTORAGE_PATH", base),
            (
                "AIRFLOW__COMMON_IO__STATE_STORE_OBJECTSTORAGE_COMPRESSION",
                "gzip",
            ),
        ]));
        ObjectStorage::open(&settings.unwrap(), None).unwrap()
    }

    fn task(region_id: Option<Uuid>, index: i64) -> StateScope<'static> {
        StateScope::Task {
            dag_id: "d",
            run_id: "manual__2026-01-01T00:00:00+00:00",
            region_id,
            task_id: "t",
            index,
        }
    }

    #[test]
    fn a_key_lies_where_airflow_puts_it() {
        let storage = storage("s3://c@b/state");
        let place = |scope: StateScope<'_>, key| storage.state(&scope, key).unwrap().to_string();
        let run = "s3://c@b/state/d/manual__2026-01-01T00%3A00%3A00%2B00%3A00";
        assert_eq!(place(task(None, -1), "a/b"), format!("{run}/t/-1/a%2Fb.gz"));
        assert_eq!(
            place(task(Some(Uuid::nil()), 3), "k"),
            format!("{run}/t/3/k.gz")
        );
        let region = Uuid::from_u128(1);
        assert_eq!(
            place(task(Some(region), 3), "k"),
            format!("{run}/region={region}/t/3/k.gz")
        );
        assert_eq!(
            place(StateScope::Asset("s3://x/y"), "k"),
            "s3://c@b/state/assets/s3%3A%2F%2Fx%2Fy/k.gz"
        );
        assert!(storage.state(&task(None, 0), "..").is_err());
    }

    #[tokio::test]
    async fn a_cleared_scope_loses_its_objects_and_no_others() {
        let directory = tempfile::tempdir().unwrap();
        let storage = storage(&format!("file://{}", directory.path().display()));
        let keep = storage.state(&task(None, 10), "k").unwrap();
        let ours = ["a", "b"].map(|key| storage.state(&task(None, 1), key).unwrap());
        for object in ours.iter().chain([&keep]) {
            storage
                .write(object, encode(&1).unwrap().into())
                .await
                .unwrap();
        }
        storage.clear_states(&task(None, 1)).await.unwrap();
        storage.clear_states(&task(None, 1)).await.unwrap();
        assert!(storage.read(&ours[0]).await.is_err());
        assert!(storage.read(&keep).await.is_ok());
    }
}
