//! Does what the machine says: the task state store, the remote system, the waiting.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::error::{JobError, shown};
use super::machine::{Command, Event, Failure, Machine, Sight};
use super::record::{Intent, Record};
use super::resumable::Settings;
use super::store::Store;
use super::{OnUnknown, Polling, ResumableJob, Token};
use crate::{Context, Error, Result};

/// One try.
struct Driver<'a, J: ResumableJob> {
    job: &'a Arc<J>,
    settings: &'a Settings,
    context: &'a Context,
    store: Store<'a>,
    /// The job that an on-kill hook would cancel.
    running: Running<J::Id>,
    status: Option<J::Status>,
    refusal: Option<Error>,
    output: Option<J::Output>,
}

pub(super) async fn run<J: ResumableJob>(
    job: &Arc<J>,
    settings: &Settings,
    context: &Context,
) -> Result<J::Output> {
    let fresh = Intent {
        token: Token::random(),
        since: Timestamp::now(),
        try_number: context.try_number(),
    };
    let rules = settings.rules(job.token_support());
    let (mut machine, mut command) = Machine::start(rules, fresh);
    let mut driver = Driver {
        job,
        settings,
        context,
        store: Store::new(context, &settings.key, &settings.previous_keys),
        running: Running::default(),
        status: None,
        refusal: None,
        output: None,
    };
    if settings.cancel_on_kill {
        driver.cancel_on_kill();
    }
    let ended = loop {
        let event = match command {
            Command::Finish => break driver.finish(),
            Command::Fail(failure) => break Err(driver.failure(failure)),
            Command::Save(record) => {
                driver.save(record, machine.is_noting_failure()).await?;
                Event::Saved
            }
            command => driver.obey(command).await?,
        };
        command = machine.on(event);
    };
    // The job has ended: there is nothing left to cancel, whatever becomes of the task.
    driver.running.set(None);
    ended
}

impl<J: ResumableJob> Driver<'_, J> {
    async fn obey(&mut self, command: Command<J::Id>) -> Result<Event<J::Id>> {
        match command {
            Command::Load => Ok(Event::Loaded(self.store.load().await?)),
            Command::Submit(token) => self.submit(&token).await,
            Command::Find(intent) => Ok(Event::Found(self.find(&intent).await?)),
            Command::Ask(id) => self.ask(&id).await.map(Event::Seen),
            Command::Poll(id) => self.poll(&id).await.map(Event::Seen),
            Command::Fetch(id) => {
                tracing::info!(target: "aileron.jobs", "the job `{}` has succeeded", shown(&id));
                let output = self.job.result(&id).await;
                self.output = Some(output.map_err(|error| {
                    error.context(format_args!(
                        "getting the result of the job `{}`",
                        shown(&id)
                    ))
                })?);
                Ok(Event::Fetched)
            }
            Command::Save(_) | Command::Finish | Command::Fail(_) => {
                unreachable!("the loop of `run` does these itself")
            }
        }
    }

    async fn save(&mut self, record: Record<J::Id>, noting_failure: bool) -> Result<()> {
        if matches!(record, Record::Intended(_)) && self.context.is_cancelled() {
            return Err(JobError::CancelledBeforeSubmit.into());
        }
        match (self.store.save(&record).await, &record) {
            (Ok(()), _) => Ok(()),
            (Err(error), _) if noting_failure => {
                tracing::warn!(target: "aileron.jobs", "the failure of the job could not be noted: {error}");
                Ok(())
            }
            (Err(error), Record::Submitted { id, .. }) => Err(error.context(format_args!(
                "the job `{}` was submitted, and its id could not be stored",
                shown(id)
            ))),
            (Err(error), Record::Intended(_)) => Err(error.context("no job was submitted")),
            (Err(error), _) => Err(error),
        }
    }

    async fn submit(&mut self, token: &Token) -> Result<Event<J::Id>> {
        tracing::info!(target: "aileron.jobs", "submitting a job with the token {token}");
        match self.job.submit(token).await {
            Ok(id) => {
                tracing::info!(target: "aileron.jobs", "submitted the job `{}`", shown(&id));
                self.running.set(Some(&id));
                Ok(Event::Submitted(id))
            }
            Err(error) if self.job.is_refusal(&error) => {
                self.refusal = Some(error);
                Ok(Event::Refused)
            }
            Err(error) => Err(error.context("submitting the job")),
        }
    }

    /// Looks for the job until it must have shown up.
    async fn find(&mut self, intent: &Intent) -> Result<Option<J::Id>> {
        let mut pauses = Polling::new().first(Duration::from_millis(100)).begin();
        loop {
            // The end is looked at before the search: what is then not found was not there when the window closed.
            let open = SignedDuration::try_from(self.settings.search_window)
                .is_ok_and(|window| Timestamp::now().duration_since(intent.since) < window);
            let found = self.job.find_by_token(&intent.token).await;
            let found = found.map_err(|error| {
                error.context(format_args!(
                    "looking for the job with the token {}",
                    intent.token
                ))
            })?;
            if let Some(id) = &found {
                tracing::info!(target: "aileron.jobs", "found the job `{}` of try {}", shown(id), intent.try_number);
                self.running.set(Some(id));
                return Ok(found);
            }
            if !open {
                return Ok(None);
            }
            tokio::select! {
                () = self.context.cancellation().cancelled() => return Err(cancelled(&intent.token)),
                () = pauses.pause() => {}
            }
        }
    }

    /// Asks about a job of an earlier try.
    async fn ask(&mut self, id: &J::Id) -> Result<Sight> {
        let status = self.job.status(id).await.map_err(|error| {
            error.context(format_args!(
                "asking for the status of the job `{}`",
                shown(id)
            ))
        })?;
        let sight = self.sight(status);
        if sight == Sight::Active {
            self.running.set(Some(id));
        }
        tracing::info!(
            target: "aileron.jobs",
            "an earlier try has submitted the job `{}`; its status is {:?}", shown(id), self.status
        );
        Ok(sight)
    }

    async fn poll(&mut self, id: &J::Id) -> Result<Sight> {
        tracing::info!(target: "aileron.jobs", "waiting for the job `{}`", shown(id));
        let mut polls = self.settings.polling.begin();
        let status = tokio::select! {
            biased;
            () = self.context.cancellation().cancelled() => return Err(cancelled(id)),
            status = self.job.poll(id, &mut polls) => status?,
        };
        Ok(self.sight(status))
    }

    fn sight(&mut self, status: Option<J::Status>) -> Sight {
        self.status = status;
        match &self.status {
            None => Sight::Unknown,
            Some(status) if self.job.is_active(status) => Sight::Active,
            Some(status) if self.job.is_succeeded(status) => Sight::Succeeded,
            Some(_) => Sight::Failed,
        }
    }

    fn finish(&mut self) -> Result<J::Output> {
        Ok(self
            .output
            .take()
            .expect("the result was fetched before the machine finishes"))
    }

    fn failure(&mut self, failure: Failure<J::Id>) -> Error {
        let key = || self.settings.key.clone();
        match failure {
            Failure::Job(id) => {
                let status = self.status.take();
                self.job
                    .failure(&id, &status.expect("a job that failed was seen"))
            }
            Failure::Unknown(id) if self.settings.on_unknown == OnUnknown::Resubmit => {
                JobError::Lost { id: shown(&id) }.into()
            }
            Failure::Unknown(id) => Error::no_retry(JobError::Unknown {
                id: shown(&id),
                key: key(),
            }),
            Failure::Refused => {
                let refusal = self.refusal.take();
                refusal
                    .expect("a refused submission has an error")
                    .context("submitting the job")
            }
            Failure::InDoubt(intent) => Error::no_retry(JobError::InDoubt {
                token: intent.token.to_string(),
                key: key(),
            }),
        }
    }

    fn cancel_on_kill(&self) {
        let (job, running) = (self.job.clone(), self.running.clone());
        self.context.on_kill(move || async move {
            let Some(id) = running.get() else { return };
            tracing::info!(target: "aileron.jobs", "cancelling the job `{}`", shown(&id));
            if let Err(error) = job.cancel(&id).await {
                tracing::error!(target: "aileron.jobs", "the job `{}` was not cancelled: {error}", shown(&id));
            }
        });
    }
}

fn cancelled<I: serde::Serialize>(id: &I) -> Error {
    JobError::Cancelled { id: shown(id) }.into()
}

/// The id of the job that runs, shared with the on-kill hook.
struct Running<Id>(Arc<Mutex<Option<Id>>>);

impl<Id: Clone> Running<Id> {
    fn set(&self, id: Option<&Id>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = id.cloned();
    }

    fn get(&self) -> Option<Id> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl<Id> Clone for Running<Id> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<Id> Default for Running<Id> {
    fn default() -> Self {
        Self(Arc::default())
    }
}
