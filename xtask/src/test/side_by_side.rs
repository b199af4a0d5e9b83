//! Running several test programs at the same time.
//!
//! Most of the long ones wait: for an Airflow to start, for a scheduler to look again, for a lock to be given back. One after
//! the other they leave the processors idle.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

use super::counts::Counts;
use crate::progress::say;

/// A program that takes longer hangs. The slowest takes a third of it, on a machine with nothing else to do.
const TIME_LIMIT: Duration = Duration::from_mins(30);

/// How often one hears of a program that takes long.
const NEWS: Duration = Duration::from_mins(5);

/// A program to run.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) name: String,
    pub(super) command: Command,
}

/// What came of all of them.
#[derive(Debug, Default)]
struct Done {
    counts: Counts,
    times: Vec<(Duration, String)>,
}

/// Runs the jobs, at most so many at once, begun in their order. What one prints is shown in one piece when it has ended.
///
/// A job that fails without a failed test in what it prints is one failed test.
pub(super) fn run(jobs: Vec<Job>, at_once: usize) -> Result<Counts> {
    run_and_show(jobs, at_once, &|text| std::io::stdout().write_all(text))
}

type Show<'a> = &'a (dyn Fn(&[u8]) -> std::io::Result<()> + Sync);

fn run_and_show(jobs: Vec<Job>, at_once: usize, show: Show<'_>) -> Result<Counts> {
    let directory = tempfile::tempdir()?;
    let total = jobs.len();
    let jobs = Mutex::new(jobs.into_iter().enumerate().collect::<VecDeque<_>>());
    let done = Mutex::new(Done::default());
    let next = || locked(&jobs).pop_front();
    let work = || {
        while let Some((number, job)) = next() {
            let name = format!("{} ({} of {total})", job.name, number + 1);
            let begun = Instant::now();
            say(format!("{name} ..."));
            let output = directory.path().join(number.to_string());
            let result = execute(job.command, &output, &name, TIME_LIMIT);
            // Whoever has this lock prints.
            let mut done = locked(&done);
            let counted = result.and_then(|succeeded| {
                let text = fs::read(&output)?;
                show(&text)?;
                Ok(count(&text, succeeded, &job.name))
            });
            let counts = counted.unwrap_or_else(|error| {
                eprintln!("error: {}: {error:#}", job.name);
                count(&[], false, &job.name)
            });
            let took = begun.elapsed();
            let outcome = if counts.failed == 0 { "ok" } else { "FAILED" };
            say(format!(
                "{name}: {outcome} after {:.0} s",
                took.as_secs_f64()
            ));
            done.counts.add(counts);
            done.times.push((took, job.name));
        }
    };
    thread::scope(|scope| {
        for _ in 0..at_once.max(1) {
            scope.spawn(work);
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.times.sort_by_key(|(took, _)| std::cmp::Reverse(*took));
    for (took, name) in done.times.iter().take(10) {
        say(format!("slow: {name}, {:.0} s", took.as_secs_f64()));
    }
    Ok(done.counts)
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether it ended well, and in time. What it prints goes into a file.
fn execute(mut command: Command, output: &Path, name: &str, time_limit: Duration) -> Result<bool> {
    let mut file = File::create(output)?;
    command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file.try_clone()?);
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot run {command:?}"))?;
    let begun = Instant::now();
    let mut next_news = NEWS;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if begun.elapsed() >= time_limit {
            end_with_descendants(child.id());
            child.wait()?;
            let seconds = time_limit.as_secs_f64();
            writeln!(file, "error: {name} did not end within {seconds} s")?;
            return Ok(false);
        }
        if begun.elapsed() >= next_news {
            let seconds = next_news.as_secs();
            say(format!("{name}: still running after {seconds} s"));
            next_news += NEWS;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Kills a process and all that come from it: a test that hangs leaves no Airflow behind.
fn end_with_descendants(process: u32) {
    let tasks = fs::read_dir(format!("/proc/{process}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let children: Vec<u32> = tasks
        .filter_map(|task| fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|line| {
            let numbers = line.split_whitespace().map(str::parse::<u32>);
            numbers.flatten().collect::<Vec<_>>()
        })
        .collect();
    let id = i32::try_from(process).ok().and_then(Pid::from_raw);
    if let Some(id) = id {
        // It may have ended in this moment.
        let _ = kill_process(id, Signal::KILL);
    }
    for child in children {
        end_with_descendants(child);
    }
}

fn count(text: &[u8], succeeded: bool, name: &str) -> Counts {
    let mut counts = Counts::default();
    for line in String::from_utf8_lossy(text).lines() {
        counts.read_line(line);
    }
    if !succeeded && counts.failed == 0 {
        counts.add(Counts::one_failed());
        counts.failed_names.push(name.to_owned());
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What these print must not be taken for tests of the program that they are tested in.
    fn run(jobs: Vec<Job>, at_once: usize) -> (Counts, String) {
        let shown = Mutex::new(Vec::new());
        let show = |text: &[u8]| {
            locked(&shown).extend_from_slice(text);
            Ok(())
        };
        let counts = run_and_show(jobs, at_once, &show).unwrap();
        (
            counts,
            String::from_utf8(shown.into_inner().unwrap()).unwrap(),
        )
    }

    fn shell(name: &str, script: &str) -> Job {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Job {
            name: name.to_owned(),
            command,
        }
    }

    #[test]
    fn what_all_programs_say_is_added_up() {
        let passed = "echo 'test a ... ok'; echo 'test result: ok. 1 passed; 0 failed;'";
        let (counts, shown) = run(vec![shell("one", passed), shell("two", passed)], 2);
        assert_eq!((counts.passed, counts.failed), (2, 0));
        let one = "test a ... ok\ntest result: ok. 1 passed; 0 failed;\n";
        assert_eq!(shown, one.repeat(2));
    }

    #[test]
    fn a_program_that_fails_without_a_failed_test_is_one() {
        let jobs = vec![
            shell("crashes", "exit 3"),
            Job {
                name: "is not there".to_owned(),
                command: Command::new("/nowhere/at/all"),
            },
        ];
        let (counts, _) = run(jobs, 1);
        assert_eq!((counts.passed, counts.failed), (0, 2));
        assert_eq!(counts.failed_names, ["crashes", "is not there"]);
    }

    #[test]
    fn a_program_that_hangs_is_ended_with_what_it_started() {
        let directory = tempfile::tempdir().unwrap();
        let (output, id) = (directory.path().join("output"), directory.path().join("id"));
        let script = format!("sh -c 'echo $$ > {}; sleep 600' & wait", id.display());
        let limit = Duration::from_millis(500);
        let job = shell("hangs", &script);
        assert!(!execute(job.command, &output, &job.name, limit).unwrap());
        let shown = fs::read_to_string(output).unwrap();
        assert_eq!(shown, "error: hangs did not end within 0.5 s\n");
        let started = fs::read_to_string(id).unwrap();
        // The signal has been sent; a busy machine takes its time over it.
        let patience = Instant::now() + Duration::from_secs(60);
        while runs(started.trim()) {
            assert!(Instant::now() < patience, "process {started} still runs");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Whether a process has not ended. Whoever adopts it may still have to take note of its end: state Z.
    fn runs(id: &str) -> bool {
        fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
    }

    #[test]
    fn programs_run_at_the_same_time() {
        let directory = tempfile::tempdir().unwrap();
        let (one, two) = (directory.path().join("one"), directory.path().join("two"));
        // Each waits for the other.
        let wait = |own: &Path, other: &Path| {
            format!(
                "touch {}; n=0; until [ -e {} ]; do n=$((n+1)); [ $n -lt 200 ] || exit 1; sleep 0.1; done",
                own.display(),
                other.display()
            )
        };
        let jobs = vec![
            shell("one", &wait(&one, &two)),
            shell("two", &wait(&two, &one)),
        ];
        assert_eq!(run(jobs, 2).0.failed, 0);
    }
}
