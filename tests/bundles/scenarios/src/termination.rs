//! A task that is ended from outside.

use std::time::Duration;

use aileron::prelude::*;

#[task]
async fn wait_long(cx: &Context) -> Result<()> {
    cx.on_kill(|| async { tracing::warn!("the on-kill hook ran") });
    tracing::info!("waiting in process {}", std::process::id());
    tokio::select! {
        () = cx.cancellation().cancelled() => {
            tracing::info!("the task was cancelled");
            Err(Error::msg("cancelled"))
        }
        () = tokio::time::sleep(Duration::from_secs(600)) => Ok(()),
    }
}

#[dag]
pub(crate) fn terminated(dag: &mut Dag) {
    dag.add(wait_long());
}
