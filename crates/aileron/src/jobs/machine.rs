//! What to do next, decided without doing it.
//!
//! The machine is told what happened and says what to do; [`driver`](super::driver) does it. So every order of events,
//! and a kill between any two of them, can be tried in memory (`machine_tests.rs`).

use super::record::{Intent, Record};
use super::{OnDoubt, OnUnknown, Token, TokenSupport};

/// What the author has chosen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) durable: bool,
    pub(super) tokens: TokenSupport,
    pub(super) on_unknown: OnUnknown,
    pub(super) on_doubt: OnDoubt,
}

/// What to do next. Each but the last two is answered by one event.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Command<Id> {
    /// Read the record: [`Event::Loaded`].
    Load,
    /// Store the record: [`Event::Saved`], once the store has it.
    Save(Record<Id>),
    /// Submit the job: [`Event::Submitted`] or [`Event::Refused`].
    Submit(Token),
    /// Look for a job by its token: [`Event::Found`].
    Find(Intent),
    /// Ask for the status: [`Event::Seen`].
    Ask(Id),
    /// Wait for the end: [`Event::Seen`], not active.
    Poll(Id),
    /// Get the result: [`Event::Fetched`].
    Fetch(Id),
    /// The result is the task's.
    Finish,
    /// This try has failed.
    Fail(Failure<Id>),
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Event<Id> {
    Loaded(Option<Record<Id>>),
    Saved,
    Submitted(Id),
    /// The submission failed, and there is no job.
    Refused,
    Found(Option<Id>),
    Seen(Sight),
    Fetched,
}

/// What a remote system says of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    Active,
    Succeeded,
    Failed,
    Unknown,
}

/// Why a try has failed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Failure<Id> {
    /// The job has failed.
    Job(Id),
    /// The remote system does not know the job.
    Unknown(Id),
    /// The remote system refused to make the job.
    Refused,
    /// Nobody can say whether there is a job.
    InDoubt(Intent),
}

/// Which event is waited for.
#[derive(Debug)]
enum State<Id> {
    Loading,
    /// Before the submission.
    Intending(Intent),
    /// `again`: an earlier try has tried it already.
    Submitting {
        intent: Intent,
        again: bool,
    },
    Finding(Intent),
    /// The id is being stored; `ask`: the job may have ended meanwhile.
    Noting {
        job: Job<Id>,
        ask: bool,
    },
    Asking(Job<Id>),
    Polling(Job<Id>),
    /// `noted`: the record says already that the job has succeeded.
    Fetching {
        job: Job<Id>,
        noted: bool,
    },
    NotingSuccess,
    NotingFailure(Failure<Id>),
    Ended,
}

/// A job that was submitted.
#[derive(Debug, Clone)]
struct Job<Id> {
    intent: Option<Intent>,
    id: Id,
}

/// One try of a task with a job.
#[derive(Debug)]
pub(super) struct Machine<Id> {
    rules: Rules,
    /// What a new submission would be called. A try makes at most one: a job that fails at once is no reason to submit
    /// for ever, Airflow's retries are.
    fresh: Option<Intent>,
    state: State<Id>,
}

impl<Id: Clone> Machine<Id> {
    /// Starts a try. `fresh` names the new submission, if one is made.
    pub(super) fn start(rules: Rules, fresh: Intent) -> (Self, Command<Id>) {
        let mut machine = Self {
            rules,
            fresh: None,
            state: State::Loading,
        };
        if rules.durable {
            machine.fresh = Some(fresh);
            (machine, Command::Load)
        } else {
            let command = machine.submit(fresh, false);
            (machine, command)
        }
    }

    /// Whether the failure of the try is being noted: then that failure is told, even when it cannot be noted.
    pub(super) fn is_noting_failure(&self) -> bool {
        matches!(self.state, State::NotingFailure(_))
    }

    /// Goes on.
    ///
    /// # Panics
    /// When the event does not answer the last command: the driver is wrong.
    pub(super) fn on(&mut self, event: Event<Id>) -> Command<Id> {
        match (std::mem::replace(&mut self.state, State::Ended), event) {
            (State::Loading, Event::Loaded(record)) => self.resume(record),
            (State::Intending(intent), Event::Saved) => self.submit(intent, false),
            (State::Submitting { intent, again }, Event::Submitted(id)) => {
                let intent = Some(intent);
                self.note(Job { intent, id }, again)
            }
            (State::Submitting { intent, .. }, Event::Refused) => {
                let intent = Some(intent);
                let record = Record::Failed { intent, id: None };
                self.fail_with(record, Failure::Refused)
            }
            (State::Finding(intent), Event::Found(Some(id))) => {
                let intent = Some(intent);
                self.note(Job { intent, id }, true)
            }
            (State::Finding(intent), Event::Found(None)) => self.submit(intent, true),
            (State::Noting { job, ask: true }, Event::Saved) => self.ask(job),
            (State::Noting { job, ask: false }, Event::Saved) => self.poll(job),
            (State::Asking(job), Event::Seen(sight)) => self.asked(job, sight),
            (State::Polling(job), Event::Seen(sight)) => self.ended(job, sight),
            (State::Fetching { job, noted }, Event::Fetched) => self.fetched(job, noted),
            (State::NotingSuccess, Event::Saved) => Command::Finish,
            (State::NotingFailure(failure), Event::Saved) => Command::Fail(failure),
            _ => unreachable!("the driver answers the command that it was given"),
        }
    }

    /// What an earlier try left.
    fn resume(&mut self, record: Option<Record<Id>>) -> Command<Id> {
        match record {
            None | Some(Record::Failed { .. }) => self
                .intend()
                .expect("a try has a fresh intent until it submits"),
            Some(Record::Intended(intent)) => self.recover(intent),
            Some(Record::Submitted { intent, id }) => self.ask(Job { intent, id }),
            Some(Record::Succeeded { intent, id }) => self.fetch(Job { intent, id }, true),
        }
    }

    /// Stores that a job is about to be submitted. `None` when this try has submitted one already.
    fn intend(&mut self) -> Option<Command<Id>> {
        let intent = self.fresh.take()?;
        self.state = State::Intending(intent.clone());
        Some(Command::Save(Record::Intended(intent)))
    }

    /// An earlier try ended between storing the intent and storing the id.
    fn recover(&mut self, intent: Intent) -> Command<Id> {
        match (self.rules.tokens, self.rules.on_doubt) {
            (TokenSupport::Idempotent, _) | (TokenSupport::None, OnDoubt::Resubmit) => {
                self.submit(intent, true)
            }
            (TokenSupport::Searchable, _) => {
                self.state = State::Finding(intent.clone());
                Command::Find(intent)
            }
            (TokenSupport::None, OnDoubt::Fail) => Command::Fail(Failure::InDoubt(intent)),
        }
    }

    fn submit(&mut self, intent: Intent, again: bool) -> Command<Id> {
        let token = intent.token.clone();
        self.state = State::Submitting { intent, again };
        Command::Submit(token)
    }

    /// Stores the id.
    fn note(&mut self, job: Job<Id>, ask: bool) -> Command<Id> {
        if !self.rules.durable {
            return self.poll(job);
        }
        let record = Record::Submitted {
            intent: job.intent.clone(),
            id: job.id.clone(),
        };
        self.state = State::Noting { job, ask };
        Command::Save(record)
    }

    fn ask(&mut self, job: Job<Id>) -> Command<Id> {
        let id = job.id.clone();
        self.state = State::Asking(job);
        Command::Ask(id)
    }

    fn poll(&mut self, job: Job<Id>) -> Command<Id> {
        let id = job.id.clone();
        self.state = State::Polling(job);
        Command::Poll(id)
    }

    fn fetch(&mut self, job: Job<Id>, noted: bool) -> Command<Id> {
        let id = job.id.clone();
        self.state = State::Fetching { job, noted };
        Command::Fetch(id)
    }

    /// A job of an earlier try.
    fn asked(&mut self, job: Job<Id>, sight: Sight) -> Command<Id> {
        match sight {
            Sight::Active => self.poll(job),
            Sight::Succeeded => self.fetch(job, false),
            Sight::Failed => match self.intend() {
                Some(command) => command,
                None => self.failed(job),
            },
            Sight::Unknown => self.unknown(job.id),
        }
    }

    /// A job that was waited for. One that is still active is waited for again.
    fn ended(&mut self, job: Job<Id>, sight: Sight) -> Command<Id> {
        match sight {
            Sight::Active => self.poll(job),
            Sight::Succeeded => self.fetch(job, false),
            Sight::Failed => self.failed(job),
            Sight::Unknown => self.unknown(job.id),
        }
    }

    fn failed(&mut self, job: Job<Id>) -> Command<Id> {
        let failure = Failure::Job(job.id.clone());
        let record = Record::Failed {
            intent: job.intent,
            id: Some(job.id),
        };
        self.fail_with(record, failure)
    }

    fn unknown(&mut self, id: Id) -> Command<Id> {
        let resubmission = match self.rules.on_unknown {
            OnUnknown::Resubmit => self.intend(),
            OnUnknown::Fail => None,
        };
        resubmission.unwrap_or(Command::Fail(Failure::Unknown(id)))
    }

    fn fail_with(&mut self, record: Record<Id>, failure: Failure<Id>) -> Command<Id> {
        if !self.rules.durable {
            return Command::Fail(failure);
        }
        self.state = State::NotingFailure(failure);
        Command::Save(record)
    }

    fn fetched(&mut self, job: Job<Id>, noted: bool) -> Command<Id> {
        if noted || !self.rules.durable {
            return Command::Finish;
        }
        self.state = State::NotingSuccess;
        Command::Save(Record::Succeeded {
            intent: job.intent,
            id: job.id,
        })
    }
}
