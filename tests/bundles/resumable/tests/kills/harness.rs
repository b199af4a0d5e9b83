//! Hundreds of kills at random points.
//!
//! Each trial is one task instance that is killed a few times and then left alone. The seed is printed; with
//! `AILERON_KILL_SEED` the same plans are made again, though not the same races.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use fastrand::Rng;
use serde_json::json;

use super::service::Service;
use super::supervisor::{End, Kill, Moment, TaskInstance};

/// So many processes are killed at least.
const KILLS: usize = 240;
/// The most kills of one task instance.
const KILLS_OF_ONE: u32 = 4;
/// How long a submission takes at most before there is a job, and after it, in milliseconds.
const LATENCY: u64 = 4;
/// How long a job takes, in milliseconds.
const JOB: u64 = 40;
/// Log lines of 1,000 characters at the end of a task whose flush is hit: more than the sockets take.
const CHATTER: u64 = 12_000;
const WORKERS: usize = 4;

const TASKS: [&str; 4] = ["idempotent", "searchable", "without_tokens", "at_most_once"];

/// Where a try is hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Anywhere,
    Intent,
    Submit,
    Store,
    Poll,
    Result,
    Xcom,
    Terminal,
    Flush,
}

/// The phases that a try can still come to, by what earlier ones have stored. Those around the submission come up more
/// often: that is where a job can get lost.
fn phases(record: Option<&str>) -> &'static [Phase] {
    use Phase::{Anywhere, Flush, Intent, Poll, Result, Store, Submit, Terminal, Xcom};
    match record {
        None => &[
            Anywhere, Anywhere, Intent, Intent, Submit, Submit, Submit, Store, Store, Poll, Poll,
            Result, Xcom, Terminal, Flush,
        ],
        Some("intended") => &[Anywhere, Submit, Submit, Submit, Store, Store, Result, Xcom],
        Some("submitted") => &[Anywhere, Poll, Poll, Result, Xcom, Terminal, Flush],
        _ => &[Anywhere, Xcom, Terminal, Flush],
    }
}

fn plan(phase: Phase, record: Option<&str>, rng: &mut Rng) -> Kill {
    let moments = [Moment::Arrived, Moment::Done, Moment::Acknowledged];
    let moment = moments[rng.usize(..moments.len())];
    let mut up_to = |milliseconds: u64| Duration::from_micros(rng.u64(..=milliseconds * 1000));
    let set = |state| Kill::At("SetTaskStateStore", Some(state), moment, Duration::ZERO);
    // After this request the process submits, or waits.
    let loaded = "GetTaskStateStore";
    match phase {
        Phase::Anywhere => Kill::After(up_to(JOB + 60)),
        Phase::Intent => set("intended"),
        Phase::Submit if record.is_none() => Kill::At(
            "SetTaskStateStore",
            Some("intended"),
            Moment::Acknowledged,
            up_to(2 * LATENCY + 4),
        ),
        Phase::Submit => Kill::At(loaded, None, Moment::Acknowledged, up_to(2 * LATENCY + 4)),
        Phase::Store => set("submitted"),
        Phase::Poll if record.is_none() => Kill::At(
            "SetTaskStateStore",
            Some("submitted"),
            Moment::Acknowledged,
            up_to(JOB),
        ),
        Phase::Poll => Kill::At(loaded, None, Moment::Acknowledged, up_to(JOB)),
        Phase::Result => set("succeeded"),
        Phase::Xcom => Kill::At("SetXCom", None, moment, Duration::ZERO),
        Phase::Terminal => Kill::At("SucceedTask", None, moment, Duration::ZERO),
        Phase::Flush => Kill::InFlush(up_to(5)),
    }
}

/// A task instance that has come to its end.
struct Trial {
    task: TaskInstance,
    seed: u64,
    end: End,
    /// The phase of each kill that hit.
    kills: Vec<Phase>,
    /// Kills while a submission may have taken effect and its id was not stored.
    in_the_window: usize,
    /// What was observed to be wrong on the way.
    wrong: Vec<String>,
}

impl Trial {
    fn run(task_id: &'static str, seed: u64, service: &Service) -> Self {
        let mut rng = Rng::with_seed(seed);
        let task = TaskInstance::new(task_id, &format!("seed-{seed}"), service.address);
        let mut trial = Self {
            task,
            seed,
            end: End::Killed,
            kills: Vec::new(),
            in_the_window: 0,
            wrong: Vec::new(),
        };
        for _ in 0..rng.u32(1..=KILLS_OF_ONE) {
            let record = trial.task.record();
            let phases = phases(record);
            let phase = phases[rng.usize(..phases.len())];
            let kill = plan(phase, record, &mut rng);
            trial.one_try(&kill, phase);
            if trial.end != End::Killed {
                return trial;
            }
        }
        trial.one_try(&Kill::Never, Phase::Anywhere);
        trial
    }

    fn one_try(&mut self, kill: &Kill, phase: Phase) {
        let chatter = if phase == Phase::Flush { CHATTER } else { 0 };
        self.task.conf = json!({"milliseconds": JOB, "chatter": chatter});
        let before = self.task.record().map(str::to_owned);
        let ended = self.task.run(kill);
        self.check_record(before.as_deref());
        if ended.end == End::Killed {
            self.kills.push(phase);
            self.in_the_window += usize::from(self.task.record() == Some("intended"));
        }
        self.end = ended.end;
    }

    /// The record only goes forward, and does not expire before there is a result.
    fn check_record(&mut self, before: Option<&str>) {
        let steps = [None, Some("intended"), Some("submitted"), Some("succeeded")];
        let after = self.task.record();
        let place = |step| steps.iter().position(|known| *known == step);
        if place(after).is_none() || place(after) < place(before) {
            self.wrong
                .push(format!("the record went from {before:?} to {after:?}"));
        }
        if let Some((record, expiry)) = self.task.store.get("remote_job_id")
            && (record["state"] != "succeeded") != expiry.is_null()
        {
            self.wrong.push(format!("{record} expires at {expiry}"));
        }
    }

    /// Holds what came of it against the guarantee.
    fn check(mut self, service: &Service) -> Vec<String> {
        let jobs = service.jobs(&self.task.job_name());
        let window = self.in_the_window;
        let most = match self.task.task_id {
            "without_tokens" => 1 + window,
            _ => 1,
        };
        let in_doubt = self.task.task_id == "at_most_once" && window > 0;
        if self.end == End::Success {
            if jobs.is_empty() || jobs.len() > most {
                self.wrong
                    .push(format!("{} jobs, {window} kills in the window", jobs.len()));
            }
            let result = &self.task.xcoms["return_value"]["job"];
            if !jobs.iter().any(|job| job["id"] == *result) {
                self.wrong.push(format!("the result is of job {result}"));
            }
            // The job whose id is stored is the one whose result was returned: nothing acknowledged was lost.
            let (record, _) = &self.task.store["remote_job_id"];
            if record["id"] != *result {
                self.wrong.push(format!(
                    "the store says {record}, the result is of {result}"
                ));
            }
            let token = jobs.iter().find(|job| job["id"] == *result);
            if let Some(token) = token.map(|job| &job["token"])
                && !token.is_null()
                && *token != record["token"]
            {
                self.wrong
                    .push(format!("the job has the token {token}, the store {record}"));
            }
        } else if !(self.end == End::Failed && in_doubt && jobs.len() <= 1) {
            self.wrong.push(format!("it ended as {:?}", self.end));
        }
        let (task, seed, kills) = (self.task.task_id, self.seed, &self.kills);
        let wrong = self.wrong.iter();
        wrong
            .map(|wrong| format!("{task}, seed {seed}, killed at {kills:?}: {wrong}"))
            .collect()
    }
}

fn seed() -> u64 {
    match std::env::var("AILERON_KILL_SEED") {
        Ok(seed) => seed.parse().expect("AILERON_KILL_SEED is a number"),
        Err(_) => SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs(),
    }
}

/// Runs trials until enough processes were killed, or one went wrong in a way that no kill explains.
fn trials(service: &Service, seed: u64) -> Vec<Trial> {
    let (done, next) = (Mutex::new(Vec::<Trial>::new()), AtomicU64::new(0));
    let enough = || {
        let done = done.lock().unwrap();
        done.iter().map(|trial| trial.kills.len()).sum::<usize>() >= KILLS
            || done.iter().any(|trial| matches!(trial.end, End::Retry(_)))
    };
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while !enough() {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let task = TASKS[number as usize % TASKS.len()];
                    let trial = Trial::run(task, seed.wrapping_add(number), service);
                    done.lock().unwrap().push(trial);
                }
            });
        }
    });
    done.into_inner().unwrap()
}

#[test]
fn the_guarantee_holds_over_hundreds_of_kills_at_random_points() {
    let seed = seed();
    println!("AILERON_KILL_SEED={seed}");
    let started = Instant::now();
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(&directory.path().join("jobs"), LATENCY);
    let trials = trials(&service, seed);
    // What a killed process has sent may still be on its way.
    thread::sleep(Duration::from_millis(200));
    let mut phases: BTreeMap<Phase, usize> = BTreeMap::new();
    for phase in trials.iter().flat_map(|trial| &trial.kills) {
        *phases.entry(*phase).or_default() += 1;
    }
    let kills: usize = phases.values().sum();
    let window: usize = trials.iter().map(|trial| trial.in_the_window).sum();
    let extra: usize = trials
        .iter()
        .filter(|trial| trial.task.task_id == "without_tokens")
        .map(|trial| service.jobs(&trial.task.job_name()).len().saturating_sub(1))
        .sum();
    let (count, tries) = (
        trials.len(),
        trials.iter().map(|t| t.task.tries).sum::<u32>(),
    );
    let wrong: Vec<String> = trials.into_iter().flat_map(|t| t.check(&service)).collect();
    println!(
        "{kills} kills of {tries} processes of {count} task instances in {:?}; {window} between intent and id, which made {extra} jobs \
         too many without tokens; {phases:?}",
        started.elapsed()
    );
    assert!(wrong.is_empty(), "with seed {seed}:\n{}", wrong.join("\n"));
    assert!(kills >= KILLS);
    // A plan that hardly ever hits would prove nothing.
    assert!(
        phases.len() == 9 && phases.values().all(|hits| *hits >= 3),
        "{phases:?}"
    );
    assert!(window >= 20, "only {window} kills between intent and id");
    assert!(
        extra > 0,
        "no kill hit between submission and id: with tokens nothing was proved"
    );
}
