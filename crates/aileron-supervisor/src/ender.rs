//! Ending a process: asking it, then forcing it, with all that it has started.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until};

use crate::Ended;
use crate::log::{Journal, Level};
use crate::process::{Child, Signal};

/// How often it is looked whether a process group is empty.
const LOOK: Duration = Duration::from_millis(10);

/// How far the ending of a process is.
#[derive(Debug, Clone, Copy)]
enum Stage {
    /// It may run.
    Idle,
    /// It was sent SIGTERM, and will be sent SIGKILL then.
    Asked { until: Instant },
    /// It was sent SIGKILL.
    Forced,
}

/// Ends a process, once, for one reason.
#[derive(Debug)]
pub(crate) struct Ender {
    grace: Duration,
    stage: Stage,
    ended: Option<Ended>,
}

impl Ender {
    pub(crate) fn new(grace: Duration) -> Self {
        Self {
            grace,
            stage: Stage::Idle,
            ended: None,
        }
    }

    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.stage, Stage::Idle)
    }

    pub(crate) fn is_killed(&self) -> bool {
        matches!(self.stage, Stage::Forced)
    }

    pub(crate) fn ended(&self) -> Option<&Ended> {
        self.ended.as_ref()
    }

    pub(crate) fn into_ended(self) -> Option<Ended> {
        self.ended
    }

    /// Whether the process was ended only because it did not end itself after it had said how the task ended.
    pub(crate) fn after_it_was_said(&self) -> bool {
        matches!(self.ended, Some(Ended::Overtime))
    }

    /// Sends SIGTERM, unless the process is being ended already.
    pub(crate) fn terminate(&mut self, child: &Child, ended: Ended, journal: &Journal) {
        if !self.is_idle() {
            return;
        }
        tell(&ended, journal);
        self.ended = Some(ended);
        self.stage = Stage::Asked {
            until: Instant::now() + self.grace,
        };
        child.signal(Signal::TERM);
    }

    /// Sends SIGKILL.
    pub(crate) fn kill(&mut self, child: &Child, ended: Ended, journal: &Journal) {
        if self.ended.is_none() {
            tell(&ended, journal);
            self.ended = Some(ended);
        }
        self.force(child);
    }

    /// Waits until the grace period is over, if there is one.
    pub(crate) async fn grace_over(&self) {
        match self.stage {
            Stage::Asked { until } => sleep_until(until).await,
            Stage::Idle | Stage::Forced => std::future::pending().await,
        }
    }

    /// The grace period is over.
    pub(crate) fn escalate(&mut self, child: &Child, journal: &Journal) {
        journal.tell(
            Level::Warning,
            "The process of the task did not end after SIGTERM, so it is killed",
            [("grace_seconds", json!(self.grace.as_secs_f64()))],
        );
        self.force(child);
    }

    /// A signal has ended the process, so it could not end what it had started: that is killed, unless it is being ended
    /// already.
    pub(crate) fn bury(&mut self, child: &Child, journal: &Journal) {
        if !self.is_idle() {
            return;
        }
        if child.has_group() {
            journal.say(
                Level::Warning,
                "What the process of the task had started is still there, so it is killed",
            );
        }
        self.force(child);
    }

    /// After a process that was ended: waits until all that it had started is gone too, and kills it after the grace period.
    pub(crate) async fn sweep(&self, child: &Child) {
        let until = match self.stage {
            Stage::Idle => return,
            Stage::Asked { until } => until,
            Stage::Forced => Instant::now(),
        };
        while child.has_group() {
            if Instant::now() >= until {
                child.signal(Signal::KILL);
                return;
            }
            sleep(LOOK).await;
        }
    }

    /// As [`sweep`](Self::sweep), without grace.
    pub(crate) fn sweep_now(&self, child: &Child) {
        if !self.is_idle() && child.has_group() {
            child.signal(Signal::KILL);
        }
    }

    fn force(&mut self, child: &Child) {
        self.stage = Stage::Forced;
        child.signal(Signal::KILL);
    }
}

fn tell(ended: &Ended, journal: &Journal) {
    let event = match ended {
        Ended::Stopped => "The supervisor was told to end the task",
        Ended::NotWanted(_) => "Airflow says that the task should not be running, so it is ended",
        Ended::NoHeartbeat(_) => {
            "Airflow could not be told that the task is alive for too long, so it is ended"
        }
        Ended::Overtime => {
            "The process is still there long after the task has ended, so it is ended; \
             see [core] task_success_overtime"
        }
        Ended::ExecutionTimeout => {
            "The task is still there long after its execution timeout, so it is ended"
        }
        Ended::NotPrepared(_) => "The task cannot start",
        Ended::BadFrame(_) => "The task and its supervisor do not understand each other",
    };
    let reason = match ended {
        Ended::NotWanted(error) | Ended::NoHeartbeat(error) => json!(error.to_string()),
        Ended::NotPrepared(problem) | Ended::BadFrame(problem) => json!(problem),
        Ended::Stopped | Ended::Overtime | Ended::ExecutionTimeout => json!(null),
    };
    if reason.is_null() {
        journal.say(Level::Error, event);
    } else {
        journal.tell(Level::Error, event, [("reason", reason)]);
    }
}
