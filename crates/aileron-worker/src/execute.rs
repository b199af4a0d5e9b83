//! From a workload to its end.

use std::path::PathBuf;
use std::sync::Arc;

use aileron_client::{Client, ClientSettings};
use aileron_config::Config;
use aileron_execution_api::ExecutionApi;
use aileron_secrets::Masker;
use aileron_supervisor::{
    Delivery, FileModes, FileSink, Finished, LogSink as _, Settings, StdoutSink, Stop, Supervised,
    TaskCommand, TaskLog, supervise,
};

use crate::{BundleRoots, WorkerError, Workload, remote_log, search, settings};

/// Runs a workload to its end.
///
/// Ends well whenever the task was run and Airflow knows its state, also when the task failed. `stop` ends the task.
///
/// # Errors
///
/// [`WorkerError`] when the task body was not reached, or Airflow could not be told how it ended.
pub async fn execute(
    workload: Workload,
    roots: &BundleRoots,
    config: &Config,
    stop: Stop,
) -> Result<Finished, WorkerError> {
    let ti = &workload.ti;
    tracing::info!(
        dag_id = ti.dag_id,
        run_id = ti.run_id,
        task_id = ti.task_id,
        map_index = ti.map_index,
        try_number = ti.try_number,
        ti_id = %ti.id,
        "a workload is executed"
    );
    let found = search::find(roots, &ti.dag_id)?;
    let server = settings::server_url(config)?;
    let client_settings = ClientSettings::from_config(config)?;
    let client = Client::new(&server, ti.id, workload.token, &client_settings)?;
    let api: Arc<dyn ExecutionApi> = Arc::new(client);
    let (masker, problems) = Masker::from_env();
    for problem in problems {
        tracing::warn!("{problem}");
    }
    let file = match &workload.log_path {
        None => None,
        Some(path) => Some(settings::base_log_folder(config)?.join(path)),
    };
    let finished = supervise(Supervised {
        api: Arc::clone(&api),
        command: TaskCommand::new(found.path, found.schema_version),
        settings: Settings::from_config(config)?,
        log: log(masker, file.as_ref(), config)?,
        stop,
        workload: aileron_supervisor::Workload {
            ti: workload.ti,
            dag_rel_path: workload.dag_rel_path,
            bundle_info: workload.bundle_info,
            sentry_integration: workload.sentry_integration,
        },
    })
    .await;
    // A log there is whether the task has started or not.
    if let (Some(file), Some(log_path)) = (&file, &workload.log_path) {
        let uploaded = remote_log::upload(config, api.as_ref(), file, log_path).await;
        if let Err(error) = uploaded {
            tracing::error!(%error, "the log of the task was not uploaded");
        }
    }
    told(finished?)
}

fn log(masker: Masker, file: Option<&PathBuf>, config: &Config) -> Result<TaskLog, WorkerError> {
    let log = TaskLog::new(Arc::new(masker)).with(StdoutSink::default());
    let Some(file) = file else {
        return Ok(log);
    };
    let mut sink = FileSink::new(file).modes(FileModes::from_config(config)?);
    // The web interface looks for the file of a task that says nothing, too.
    if let Err(error) = sink.write(b"") {
        tracing::error!(%error, "{} cannot be made", sink.name());
    }
    Ok(log.with(sink))
}

fn told(finished: Finished) -> Result<Finished, WorkerError> {
    for problem in &finished.log_problems {
        tracing::error!(problem, "the log of the task is incomplete");
    }
    tracing::info!(
        state = %finished.state,
        exit = %finished.exit,
        duration = finished.duration.as_secs_f64(),
        "the workload has ended"
    );
    match finished.delivery {
        Delivery::Undelivered(error) => Err(WorkerError::Undelivered {
            state: finished.state.to_string(),
            error: Box::new(error),
        }),
        Delivery::Acknowledged | Delivery::Refused(_) => Ok(finished),
    }
}
