//! One process for each try.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use aileron_secrets::Masker;
use aileron_supervisor::{
    FileSink, Finished, Settings, Stop, SuperviseError, Supervised, TaskCommand, TaskLog, Workload,
    supervise,
};
use aileron_wire::message::{BundleInfo, TaskInstance};

use crate::logs::log_file;
use crate::store::{Row, Store};

/// What every process of a run has in common.
pub(crate) struct Launcher {
    pub(crate) store: Store,
    pub(crate) command: TaskCommand,
    pub(crate) settings: Settings,
    pub(crate) masker: Arc<Masker>,
    pub(crate) logs: PathBuf,
    pub(crate) dag_rel_path: String,
    pub(crate) bundle_info: BundleInfo,
}

impl Launcher {
    /// Runs a try, from its start to the state it leaves behind.
    pub(super) fn launch(
        &self,
        row: &Row,
        stop: Stop,
    ) -> impl Future<Output = Result<Finished, SuperviseError>> + Send + 'static {
        let workload = Workload::new(
            self.task_instance(row),
            self.dag_rel_path.clone(),
            self.bundle_info.clone(),
        );
        supervise(Supervised {
            api: self.store.task(row.id),
            workload,
            command: self.command.clone(),
            settings: self.settings.clone(),
            log: TaskLog::new(Arc::clone(&self.masker)).with(FileSink::new(self.log_file(row))),
            stop,
        })
    }

    /// The log of the try.
    pub(super) fn log_file(&self, row: &Row) -> PathBuf {
        log_file(
            &self.logs,
            self.store.dag_id(),
            self.store.run_id(),
            &row.task_id,
            row.map_index,
            row.try_number,
        )
    }

    fn task_instance(&self, row: &Row) -> TaskInstance {
        let mut ti = TaskInstance::new(
            row.id,
            row.task_id.clone(),
            self.store.dag_id(),
            self.store.run_id(),
            row.try_number,
            row.dag_version_id.unwrap_or_default(),
        );
        ti.map_index = row.map_index;
        ti.context_carrier.clone_from(&row.context_carrier);
        if let Some(queue) = &row.queue {
            ti.queue.clone_from(queue);
        }
        ti
    }
}
