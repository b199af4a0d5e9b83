//! A bundle whose tasks run jobs on an HTTP job service (`src/bin/job-service.rs`), one task for each of the guarantees of
//! [`aileron::jobs`]. `tests/kills` kills them.

mod http_job;

use std::process::ExitCode;
use std::time::Duration;

use aileron::jobs::{OnDoubt, Polling, Resumable, TokenSupport};
use aileron::prelude::*;
use http_job::{HttpJob, Report, Request};

/// Jobs of this bundle take milliseconds.
const POLLING: Polling = Polling::every(Duration::from_millis(5)).tolerate(1000);

/// The job of this task, at the service of the connection `job_service`.
async fn job(cx: &Context, tokens: TokenSupport) -> Result<Resumable<HttpJob>> {
    tracing::info!("running in process {}", std::process::id());
    let connection = cx.connections().get("job_service").await?;
    let request = Request {
        name: format!("{}/{}", cx.ti().run_id, cx.ti().task_id),
        milliseconds: cx.param("milliseconds")?,
        fails: cx.param("fails")?,
    };
    let job = HttpJob::new(&connection, tokens, request);
    Ok(Resumable::new(job)
        .polling(POLLING)
        .search_window(Duration::from_secs(1))
        .previous_id_keys(["job_id"]))
}

/// Writes as many lines as the param says: more than a socket takes at once keep the process from ending.
fn chatter(cx: &Context) -> Result<()> {
    for line in 0..cx.param("chatter")? {
        tracing::info!(line, "{}", "-".repeat(1000));
    }
    Ok(())
}

#[task(retries = 100, retry_delay = "10ms")]
async fn idempotent(cx: &Context) -> Result<Report> {
    let report = job(cx, TokenSupport::Idempotent).await?.run(cx).await?;
    chatter(cx)?;
    Ok(report)
}

#[task(retries = 100, retry_delay = "10ms")]
async fn searchable(cx: &Context) -> Result<Report> {
    let report = job(cx, TokenSupport::Searchable).await?.run(cx).await?;
    chatter(cx)?;
    Ok(report)
}

#[task(retries = 100, retry_delay = "10ms")]
async fn without_tokens(cx: &Context) -> Result<Report> {
    let report = job(cx, TokenSupport::None).await?.run(cx).await?;
    chatter(cx)?;
    Ok(report)
}

#[task(retries = 100, retry_delay = "10ms")]
async fn at_most_once(cx: &Context) -> Result<Report> {
    let job = job(cx, TokenSupport::None).await?;
    let report = job.on_doubt(OnDoubt::Fail).run(cx).await?;
    chatter(cx)?;
    Ok(report)
}

#[task(retries = 100, retry_delay = "10ms")]
async fn cancelled_on_kill(cx: &Context) -> Result<Report> {
    let job = job(cx, TokenSupport::Idempotent).await?;
    job.cancel_on_kill(true).run(cx).await
}

#[task(retries = 100, retry_delay = "10ms")]
async fn not_durable(cx: &Context) -> Result<Report> {
    let job = job(cx, TokenSupport::Idempotent).await?;
    job.durable(false).run(cx).await
}

#[dag]
fn jobs(dag: &mut Dag) {
    dag.param("milliseconds", 50);
    dag.param("fails", false);
    dag.param("chatter", 0);
    dag.add(idempotent());
    dag.add(searchable());
    dag.add(without_tokens());
    dag.add(at_most_once());
    dag.add(cancelled_on_kill());
    dag.add(not_durable());
}

fn main() -> ExitCode {
    aileron::serve(bundle![jobs])
}
