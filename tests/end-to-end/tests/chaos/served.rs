//! A task under the supervisor, with the API server on the other end of a network: the server is killed and started again, the
//! network breaks, the task is killed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aileron_client::{ApiToken, Client, ClientSettings, RetryPolicy};
use aileron_metastore::database::Missing;
use aileron_metastore::{Metastore, TaskInstanceRecord};
use aileron_server::auth::Scope;
use aileron_supervisor::{Settings, Stop, Supervised, TaskCommand, TaskLog, Workload, supervise};
use aileron_wire::SchemaVersion;
use aileron_wire::message::{BundleInfo, TaskInstance, TaskInstanceState};
use anyhow::{Context, Result, ensure};
use end_to_end::Deadline;

use crate::api_server::{ApiServer, auth};
use crate::database::Content;
use crate::process;
use crate::promises;
use crate::proxy::Proxy;
use crate::seed::{budget, chance, milliseconds};
use crate::world::{PATIENCE, World};

const RUN: &str = "served";

#[test]
fn no_acknowledged_write_is_lost_when_api_servers_and_connections_die() -> Result<()> {
    let mut chance = chance("served");
    let world = World::new("chaos")?;
    make_run(&world)?;
    let proxy = Proxy::start(chance.fork())?;
    let (mut servers, mut killed) = (0, 0);
    std::thread::scope(|scope| {
        let scheduler = scope.spawn(|| schedule(&world, &proxy.url()));
        let end = Instant::now() + budget(8);
        while Instant::now() < end && !scheduler.is_finished() {
            let server = ApiServer::start(&world.database())?;
            servers += 1;
            proxy.lead_to(Some(server.address));
            std::thread::sleep(milliseconds(&mut chance, 100..1500));
            if let Some(task) = world.tasks().first().filter(|_| chance.u8(0..3) == 0) {
                killed += u32::from(process::signal(task.id, "KILL"));
            }
            proxy.lead_to(None);
            drop(server);
            std::thread::sleep(milliseconds(&mut chance, 0..300));
        }
        let cut = proxy.calm();
        world.enough()?;
        let server = ApiServer::start(&world.database())?;
        proxy.lead_to(Some(server.address));
        let tries = scheduler.join().expect("it does not panic")?;
        eprintln!("{tries} tries, {servers} servers, {cut} connections cut, {killed} tasks killed");
        ensure!(servers > 2 && cut > 0, "this was no storm");
        anyhow::Ok(())
    })?;
    world.wait_until_deserted()?;
    let content = Content::of(&world.database())?;
    promises::check_tries(&content)?;
    promises::check_counting(&world, &content, "first")?;
    ensure!(content.events == ["first"], "{:?}", content.events);
    Ok(())
}

/// A run with one task, whose first try was killed.
fn make_run(world: &World) -> Result<()> {
    let running = world.start(&["--dag", "alone", "--run-id", RUN])?;
    Deadline::after(PATIENCE).wait_for("the task counts", || {
        let lines = world.lines("first")?;
        Ok(lines.iter().any(|line| line.what == "done").then_some(()))
    })?;
    running.signal("KILL");
    running.ended()?;
    world.wait_until_deserted()
}

/// What a scheduler and an executor do: each try gets a token and a supervisor, until the task has succeeded. Returns how many
/// tries there were.
fn schedule(world: &World, url: &str) -> Result<u32> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let metastore = Metastore::open(&world.database(), Missing::Fail).await?;
        let run = metastore.run("alone", RUN);
        let end = Instant::now() + budget(8) + PATIENCE;
        let mut tries = 0;
        loop {
            let row = run.task_instance("first", -1).await?;
            let row = row.context("the run has its task")?;
            match row.state {
                Some(TaskInstanceState::Success) => break,
                Some(TaskInstanceState::UpForRetry) | None => {
                    run.queue(&[row.id]).await?;
                }
                Some(TaskInstanceState::Queued) => {
                    tries += 1;
                    supervised(world, url, &row).await?;
                    let after = run.task_instance("first", -1).await?;
                    let untold = after.filter(|after| {
                        let state = after.state;
                        state == Some(TaskInstanceState::Running) || state == row.state
                    });
                    if let Some(after) = untold {
                        // Airflow's scheduler does this when heartbeats stop.
                        run.end_orphan(after.id, "nobody said how it ended").await?;
                    }
                }
                Some(TaskInstanceState::Running) if tries == 0 => {
                    run.end_orphan(row.id, "the run was killed").await?;
                }
                other => anyhow::bail!("{other:?} after {tries} tries"),
            }
            ensure!(Instant::now() < end, "no end after {tries} tries");
        }
        metastore.database().close().await;
        Ok(tries)
    })
}

/// Runs one try.
async fn supervised(world: &World, url: &str, row: &TaskInstanceRecord) -> Result<()> {
    let ti = TaskInstance::new(
        row.id,
        "first",
        "alone",
        RUN,
        row.try_number,
        row.dag_version_id.unwrap_or_default(),
    );
    let client = ClientSettings {
        timeout: Duration::from_secs(1),
        retries: RetryPolicy {
            attempts: 8,
            wait_min: Duration::from_millis(5),
            wait_max: Duration::from_millis(200),
        },
        ..ClientSettings::default()
    };
    let token = ApiToken::new(auth()?.issue(row.id, Scope::Execution)?)?;
    let mut settings = Settings::default();
    settings.heartbeat_interval = Duration::from_millis(200);
    settings.delivery_timeout = Duration::from_secs(20);
    let mut command = TaskCommand::new(world.program(), SchemaVersion::V2026_06_16);
    command.variables = world.task_variables();
    let ended = supervise(Supervised {
        api: Arc::new(Client::new(url, row.id, token, &client)?),
        workload: Workload::new(ti, "main.rs", BundleInfo::new("chaos")),
        command,
        settings,
        log: TaskLog::new(Arc::default()),
        stop: Stop::new(),
    })
    .await;
    match ended {
        Ok(finished) => eprintln!(
            "try {}: {} {:?}",
            row.try_number, finished.state, finished.ended
        ),
        // It did not come to its body, because the server was away.
        Err(error) => eprintln!("try {}: {error}", row.try_number),
    }
    Ok(())
}
