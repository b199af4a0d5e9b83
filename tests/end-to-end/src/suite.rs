//! Tests that share one Airflow.

use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use anyhow::Result;
use libtest_mimic::{Arguments, Failed, Trial};

use crate::Airflow;

/// Tests wait for Airflow most of the time, so more of them run at once than there are cores.
const PARALLEL_TESTS: usize = 6;

type Start = Box<dyn Fn() -> Result<Airflow> + Send + Sync>;

/// Tests that share one Airflow: the first test that runs starts it, and it ends after the last one.
///
/// A test binary with `harness = false` runs one; its arguments are those of Rust's own test harness.
pub struct Suite {
    shared: Arc<Shared>,
    trials: Vec<Trial>,
    last: Vec<Trial>,
}

struct Shared {
    start: Start,
    airflow: OnceLock<Result<Airflow, String>>,
}

impl Shared {
    fn airflow(&self) -> Result<&Airflow, Failed> {
        let started = self
            .airflow
            .get_or_init(|| (self.start)().map_err(|error| format!("{error:?}")));
        started
            .as_ref()
            .map_err(|error| Failed::from(format!("Airflow did not start: {error}")))
    }
}

impl Suite {
    /// A suite whose Airflow is started by this function.
    pub fn new(start: impl Fn() -> Result<Airflow> + Send + Sync + 'static) -> Self {
        let shared = Shared {
            start: Box::new(start),
            airflow: OnceLock::new(),
        };
        Self {
            shared: Arc::new(shared),
            trials: Vec::new(),
            last: Vec::new(),
        }
    }

    /// Adds a test. It fails when it returns an error or panics.
    pub fn test(mut self, name: &str, body: fn(&Airflow) -> Result<()>) -> Self {
        let trial = self.trial(name, body);
        self.trials.push(trial);
        self
    }

    /// Adds a test that begins when all others have ended: it may look at what they have left.
    pub fn last(mut self, name: &str, body: fn(&Airflow) -> Result<()>) -> Self {
        let trial = self.trial(name, body);
        self.last.push(trial);
        self
    }

    fn trial(&self, name: &str, body: fn(&Airflow) -> Result<()>) -> Trial {
        let shared = Arc::clone(&self.shared);
        Trial::test(name, move || {
            let airflow = shared.airflow()?;
            // Why a task failed may stand in the log of the scheduler, and nowhere else.
            body(airflow)
                .map_err(|error| Failed::from(format!("{error:?}\n{}", airflow.component_logs())))
        })
    }

    /// Runs the tests that the command line asks for, then ends Airflow.
    pub fn run(self) -> ExitCode {
        let mut arguments = Arguments::from_args();
        arguments.test_threads.get_or_insert(PARALLEL_TESTS);
        let Self {
            shared,
            trials,
            last,
        } = self;
        let mut failed = libtest_mimic::run(&arguments, trials).has_failed();
        if !last.is_empty() {
            failed |= libtest_mimic::run(&arguments, last).has_failed();
        }
        // The trials are gone, so this is the last owner: Airflow ends here, before the process does.
        drop(shared);
        match failed {
            true => ExitCode::from(101),
            false => ExitCode::SUCCESS,
        }
    }
}
