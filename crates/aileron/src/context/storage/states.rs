//! The values of state stores in object storage.

use aileron_xcom::keeps_states_in_objects;
use aileron_xcom::storage::{Settings, StateScope};

use super::present::{Backend, Storage, open};
use super::{ObjectStorageError, StateOf};
use crate::Context;

impl Storage {
    /// The backend of state stores; `None` when values lie in the database.
    async fn states(&self, context: &Context) -> Result<Option<&Backend>, ObjectStorageError> {
        let look = || self.look_for_states(context);
        Ok(self.states.get_or_try_init(look).await?.as_ref())
    }

    async fn look_for_states(
        &self,
        context: &Context,
    ) -> Result<Option<Backend>, ObjectStorageError> {
        if !keeps_states_in_objects(&self.config).map_err(ObjectStorageError::new)? {
            return Ok(None);
        }
        let settings = Settings::of_state_stores(&self.config).map_err(ObjectStorageError::new)?;
        let objects = open(context, &settings).await?;
        Ok(Some(Backend { settings, objects }))
    }

    /// Brings a value into an object, and gives what Airflow's marker is to hold: the reference to the object, or the text of a value that
    /// is too small for one. `None` when there is no backend.
    pub(crate) async fn keep_state(
        &self,
        context: &Context,
        of: StateOf<'_>,
        key: &str,
        encoded: &[u8],
    ) -> Result<Option<String>, ObjectStorageError> {
        let Some(backend) = self.states(context).await? else {
            return Ok(None);
        };
        if !backend.settings.offloads(encoded) {
            let mut text = Vec::new();
            aileron_xcom::write_json(encoded, &mut text).map_err(ObjectStorageError::new)?;
            let text = String::from_utf8(text).map_err(ObjectStorageError::new)?;
            return Ok(Some(text));
        }
        let objects = &backend.objects;
        let object = objects.state(&scope(context, of), key);
        let object = object.map_err(ObjectStorageError::new)?;
        let written = objects.write(&object, encoded.to_vec().into()).await;
        written.map_err(ObjectStorageError::new)?;
        Ok(Some(object.as_str().to_owned()))
    }

    /// The JSON text of the value that Airflow's marker holds; `None` when there is no backend to ask.
    pub(crate) async fn state_text(
        &self,
        context: &Context,
        reference: &str,
    ) -> Result<Option<Vec<u8>>, ObjectStorageError> {
        let Some(backend) = self.states(context).await? else {
            return Ok(None);
        };
        match backend.objects.reference(reference) {
            None => Ok(Some(reference.as_bytes().to_vec())),
            Some(object) => {
                let text = backend.objects.read(&object).await;
                text.map(Some).map_err(ObjectStorageError::new)
            }
        }
    }

    /// Deletes the object of a key. Its row is gone by then.
    pub(crate) async fn delete_state(
        &self,
        context: &Context,
        of: StateOf<'_>,
        key: &str,
    ) -> Result<(), ObjectStorageError> {
        let Some(backend) = self.states(context).await? else {
            return Ok(());
        };
        let object = backend.objects.state(&scope(context, of), key);
        let object = object.map_err(ObjectStorageError::new)?;
        let deleted = backend.objects.delete(&object).await;
        deleted.map_err(ObjectStorageError::new)
    }

    /// Whether a task that succeeds loses its state, and that lies in objects. The store is open afterwards.
    pub(crate) async fn forgets_states(
        &self,
        context: &Context,
    ) -> Result<bool, ObjectStorageError> {
        let forgets = self.config.boolean("state_store", "clear_on_success");
        let forgets = forgets.map_err(ObjectStorageError::new)?;
        Ok(forgets == Some(true) && self.states(context).await?.is_some())
    }

    /// Deletes the objects of all keys. Their rows are gone by then.
    pub(crate) async fn clear_states(
        &self,
        context: &Context,
        of: StateOf<'_>,
    ) -> Result<(), ObjectStorageError> {
        let Some(backend) = self.states(context).await? else {
            return Ok(());
        };
        let cleared = backend.objects.clear_states(&scope(context, of)).await;
        cleared.map_err(ObjectStorageError::new)
    }
}

fn scope<'a>(context: &'a Context, of: StateOf<'a>) -> StateScope<'a> {
    let ti = context.ti();
    match of {
        StateOf::Asset(asset) => StateScope::Asset(asset),
        StateOf::Task => StateScope::Task {
            dag_id: &ti.dag_id,
            run_id: &ti.run_id,
            region_id: ti.region_id,
            task_id: &ti.task_id,
            index: ti.region_index.unwrap_or(ti.map_index),
        },
    }
}
