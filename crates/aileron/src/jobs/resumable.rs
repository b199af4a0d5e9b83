//! A job with what the author has chosen about it.

use std::sync::Arc;
use std::time::Duration;

use super::driver;
use super::machine::Rules;
use super::{Polling, ResumableJob, TokenSupport};
use crate::{Context, Result};

/// Where the job's id is kept unless [`Resumable::id_key`] says otherwise. Airflow's Python mixin has the same default.
pub const DEFAULT_ID_KEY: &str = "remote_job_id";

/// What to do about a job that the remote system does not know any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnUnknown {
    /// Fail the task, without a retry: somebody should look what became of the job.
    #[default]
    Fail,
    /// Submit a new one.
    Resubmit,
}

/// What to do when an earlier try ended while it was submitting, and the remote system takes no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDoubt {
    /// Submit again: the job runs at least once. There may be two of them.
    #[default]
    Resubmit,
    /// Fail the task, without a retry: the job runs at most once.
    Fail,
}

/// Runs a [`ResumableJob`] once, however often the task's process dies. See the [module documentation](super).
#[derive(Debug)]
pub struct Resumable<J> {
    pub(super) job: Arc<J>,
    pub(super) settings: Settings,
}

#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) durable: bool,
    pub(super) key: String,
    pub(super) previous_keys: Vec<String>,
    pub(super) on_unknown: OnUnknown,
    pub(super) on_doubt: OnDoubt,
    pub(super) search_window: Duration,
    pub(super) polling: Polling,
    pub(super) cancel_on_kill: bool,
}

impl<J: ResumableJob> Resumable<J> {
    /// A durable job with the default settings.
    pub fn new(job: J) -> Self {
        Self {
            job: Arc::new(job),
            settings: Settings {
                durable: true,
                key: DEFAULT_ID_KEY.to_owned(),
                previous_keys: Vec::new(),
                on_unknown: OnUnknown::default(),
                on_doubt: OnDoubt::default(),
                search_window: Duration::from_secs(10),
                polling: Polling::new(),
                cancel_on_kill: false,
            },
        }
    }

    /// Whether a retry goes on with the job of an earlier try. `false`: nothing is stored, each try submits a job.
    #[must_use]
    pub fn durable(mut self, durable: bool) -> Self {
        self.settings.durable = durable;
        self
    }

    /// The key of the task state store, [`DEFAULT_ID_KEY`] by default. Jobs of one task need different keys.
    #[must_use]
    pub fn id_key(mut self, key: impl Into<String>) -> Self {
        self.settings.key = key.into();
        self
    }

    /// Keys that earlier versions of this task have used: a job found under one of them is moved to the present key.
    #[must_use]
    pub fn previous_id_keys<K: Into<String>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.settings.previous_keys = keys.into_iter().map(Into::into).collect();
        self
    }

    /// What to do about a job that the remote system does not know any more.
    #[must_use]
    pub fn on_unknown(mut self, on_unknown: OnUnknown) -> Self {
        self.settings.on_unknown = on_unknown;
        self
    }

    /// What to do when an earlier try ended while it was submitting, and the remote system takes no token.
    #[must_use]
    pub fn on_doubt(mut self, on_doubt: OnDoubt) -> Self {
        self.settings.on_doubt = on_doubt;
        self
    }

    /// How long after a submission began its job can take to show up in a search by token; 10 seconds by default.
    ///
    /// Until then a job that is not found is searched for again; after that it is submitted. The time counts from the
    /// try that was killed, by the clocks of the two machines, so that a retry hours later does not wait.
    #[must_use]
    pub fn search_window(mut self, window: Duration) -> Self {
        self.settings.search_window = window;
        self
    }

    /// How the job is waited for.
    #[must_use]
    pub fn polling(mut self, polling: Polling) -> Self {
        self.settings.polling = polling;
        self
    }

    /// Whether the job is cancelled when the task is ended from outside (killed, timed out) while it waits.
    ///
    /// `false` by default: the job goes on and the next try goes on with it. With `true` the next try submits a new one,
    /// because a cancelled job counts as failed.
    #[must_use]
    pub fn cancel_on_kill(mut self, cancel: bool) -> Self {
        self.settings.cancel_on_kill = cancel;
        self
    }

    /// Submits the job or goes on with the one of an earlier try, waits for its end, and returns its result.
    ///
    /// # Errors
    /// A [`JobError`](super::JobError), an error of the remote system, or one of the task state store. When the store
    /// cannot be reached, nothing is submitted.
    pub async fn run(self, cx: &Context) -> Result<J::Output> {
        driver::run(&self.job, &self.settings, cx).await
    }
}

impl Settings {
    pub(super) fn rules(&self, tokens: TokenSupport) -> Rules {
        Rules {
            durable: self.durable,
            tokens,
            on_unknown: self.on_unknown,
            on_doubt: self.on_doubt,
        }
    }
}

impl Context {
    /// Runs a job on a remote system once, however often this task's process dies, and returns its result.
    ///
    /// This is [`Resumable`] with the default settings.
    ///
    /// # Errors
    /// Those of [`Resumable::run`].
    pub async fn run_job<J: ResumableJob>(&self, job: J) -> Result<J::Output> {
        Resumable::new(job).run(self).await
    }
}
