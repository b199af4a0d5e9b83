//! All connections, and what is counted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aileron_server::auth::{Auth, Scope};
use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use hdrhistogram::Histogram;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::Arguments;
use super::connection::Connection;
use super::operation::{Operation, Step};
use super::processes::{megabytes, processor_seconds};
use super::task::{RUNS, Task};

/// The longest time that can be told, in microseconds.
const LONGEST: u64 = 600_000_000;

/// What the connections have in common.
struct Plan {
    operation: Operation,
    auth: Auth,
    count: Option<u64>,
    /// Answers count from here.
    from: Instant,
    until: Instant,
    /// The next task instance that is queued.
    next: AtomicU32,
    tasks: u32,
    /// Told when there is none left.
    used_up: Notify,
}

/// What one connection has seen.
struct Seen {
    /// Microseconds of the requests that began in time.
    times: Histogram<u64>,
    /// Requests that ended in time.
    ended: u64,
}

/// Asks and counts.
pub(crate) async fn run(arguments: &Arguments, auth: Auth) -> Result<BTreeMap<&'static str, f64>> {
    ensure!(
        arguments.connections <= RUNS,
        "there are tasks for {RUNS} connections"
    );
    let opened = (0..arguments.connections).map(|_| Connection::open(arguments.address));
    let connections = try_join_all(opened).await?;
    let from = Instant::now() + Duration::from_secs_f64(arguments.warm_up);
    let plan = Arc::new(Plan {
        operation: arguments.operation,
        auth,
        count: arguments.count,
        from,
        until: from + Duration::from_secs_f64(arguments.seconds),
        next: AtomicU32::new(arguments.first),
        tasks: arguments.tasks,
        used_up: Notify::new(),
    });
    // Each a task of its own, which is looked at only when its answer comes.
    let asking = connections
        .into_iter()
        .zip(0..)
        .map(|(connection, number)| {
            let asking = tokio::spawn(ask(Arc::clone(&plan), connection, Task(number)));
            async { asking.await? }
        });
    let processes = &arguments.processes;
    let (seen, (seconds, used)) = tokio::try_join!(try_join_all(asking), watch(&plan, processes))?;
    let mut times = histogram()?;
    for seen in &seen {
        times.add(&seen.times)?;
    }
    let ended: u64 = seen.iter().map(|seen| seen.ended).sum();
    ensure!(
        ended > 0 || plan.count.is_some(),
        "no request was answered in {seconds} seconds"
    );
    let milliseconds = |share| times.value_at_quantile(share) as f64 / 1000.0;
    Ok(BTreeMap::from([
        ("requests", ended as f64),
        ("per_second", ended as f64 / seconds),
        ("p50_ms", milliseconds(0.5)),
        ("p99_ms", milliseconds(0.99)),
        ("processor_seconds", used),
        ("resident_mb", megabytes(processes, "VmRSS")?),
        ("peak_mb", megabytes(processes, "VmHWM")?),
    ]))
}

fn histogram() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_max(LONGEST, 3)?)
}

/// How long answers counted, and the processor time of the server meanwhile. Both in seconds.
async fn watch(plan: &Plan, processes: &[u32]) -> Result<(f64, f64)> {
    if plan.count.is_some() {
        return Ok((1.0, 0.0));
    }
    sleep_until(plan.from).await;
    let before = processor_seconds(processes)?;
    tokio::select! {
        () = sleep_until(plan.until) => {}
        () = plan.used_up.notified() => {}
    }
    let used = processor_seconds(processes)? - before;
    Ok((plan.from.elapsed().as_secs_f64(), used))
}

async fn ask(plan: Arc<Plan>, mut connection: Connection, own: Task) -> Result<Seen> {
    let mut seen = Seen {
        times: histogram()?,
        ended: 0,
    };
    let token = plan.auth.issue(own.id(), Scope::Execution)?;
    let steps = plan.operation.steps(own);
    let mut turns = 0;
    while plan
        .count
        .map_or_else(|| Instant::now() < plan.until, |count| turns < count)
    {
        turns += 1;
        if !plan.operation.uses_up_tasks() {
            for step in &steps {
                seen.timed(&plan, &mut connection, step, &token).await?;
            }
            continue;
        }
        let task = Task(plan.next.fetch_add(1, Ordering::Relaxed));
        if task.0 >= plan.tasks {
            ensure!(
                Instant::now() > plan.from,
                "there are too few task instances"
            );
            plan.used_up.notify_one();
            break;
        }
        // As an executor hands it out; the first answer brings the token that the task goes on with.
        let mut token = plan.auth.issue(task.id(), Scope::Workload)?;
        for step in plan.operation.steps(task) {
            let new = seen.timed(&plan, &mut connection, &step, &token).await?;
            token = new.unwrap_or(token);
        }
    }
    Ok(seen)
}

impl Seen {
    async fn timed(
        &mut self,
        plan: &Plan,
        connection: &mut Connection,
        step: &Step,
        token: &str,
    ) -> Result<Option<String>> {
        let began = Instant::now();
        let new = connection.ask(step, token).await?;
        let ended = Instant::now();
        let counts = |at| plan.from <= at && at < plan.until;
        if counts(began) {
            let micros = u64::try_from((ended - began).as_micros()).unwrap_or(LONGEST);
            self.times
                .record(micros.min(LONGEST))
                .context("a time that no histogram takes")?;
        }
        self.ended += u64::from(counts(ended));
        Ok(new)
    }
}
