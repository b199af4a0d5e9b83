//! Every order of events and kills, tried out in memory.

use std::collections::BTreeSet;

use super::machine::{Command, Event, Failure, Machine, Rules, Sight};
use super::record::{Intent, Record};
use super::{OnDoubt, OnUnknown, Token, TokenSupport};

/// A remote system and a store, as far as a machine can tell.
#[derive(Clone, Default)]
struct World {
    record: Option<Record<usize>>,
    /// The token of each job; its place is its id.
    jobs: Vec<Token>,
    failed: BTreeSet<usize>,
    lost: BTreeSet<usize>,
    tokens: Option<TokenSupport>,
    /// Kills while a submission had taken effect and its id was not stored.
    in_the_window: usize,
    tries: u32,
}

/// When a try is killed: at this command, before or after it took effect.
type Kill = Option<(usize, bool)>;

/// How a try ended.
#[derive(Debug, Clone, PartialEq)]
enum End {
    Result(usize),
    Failed(Failure<usize>),
    Killed,
}

fn rules(tokens: TokenSupport) -> Rules {
    Rules {
        durable: true,
        tokens,
        on_unknown: OnUnknown::Fail,
        on_doubt: OnDoubt::Resubmit,
    }
}

impl World {
    fn run(&mut self, rules: Rules, kill: Kill) -> (End, Vec<Command<usize>>) {
        self.tokens = Some(rules.tokens);
        self.tries += 1;
        let fresh = Intent {
            token: Token::numbered(self.tries),
            since: "2026-01-01T00:00:00Z".parse().unwrap(),
            try_number: self.tries.into(),
        };
        let (mut machine, mut command) = Machine::start(rules, fresh);
        let (mut commands, mut fetched) = (Vec::new(), None);
        loop {
            let at = commands.len();
            commands.push(command.clone());
            let killed = kill.filter(|(when, _)| *when == at);
            if matches!(killed, Some((_, false))) {
                return (self.killed(&commands, false), commands);
            }
            let event = match command {
                Command::Finish => break (End::Result(fetched.unwrap()), commands),
                Command::Fail(failure) => break (End::Failed(failure), commands),
                Command::Fetch(id) => {
                    fetched = Some(id);
                    Event::Fetched
                }
                command => self.obey(command),
            };
            if killed.is_some() {
                return (self.killed(&commands, true), commands);
            }
            command = machine.on(event);
        }
    }

    fn killed(&mut self, commands: &[Command<usize>], took_effect: bool) -> End {
        let window = match commands.last() {
            Some(Command::Submit(_)) => took_effect,
            Some(Command::Save(Record::Submitted { .. })) => !took_effect,
            _ => false,
        };
        self.in_the_window += usize::from(window);
        End::Killed
    }

    fn obey(&mut self, command: Command<usize>) -> Event<usize> {
        match command {
            Command::Load => Event::Loaded(self.record.clone()),
            Command::Save(record) => {
                self.record = Some(record);
                Event::Saved
            }
            Command::Submit(token) => {
                assert!(
                    matches!(&self.record, Some(Record::Intended(intent)) if intent.token == token),
                    "the intent is stored before the job is submitted"
                );
                let known = self.jobs.iter().position(|known| *known == token);
                if let (Some(id), Some(TokenSupport::Idempotent)) = (known, self.tokens) {
                    return Event::Submitted(id);
                }
                self.jobs.push(token);
                Event::Submitted(self.jobs.len() - 1)
            }
            Command::Find(intent) => {
                Event::Found(self.jobs.iter().position(|known| *known == intent.token))
            }
            Command::Ask(id) | Command::Poll(id) => Event::Seen(self.end_of(id)),
            other => panic!("{other:?} has no event"),
        }
    }

    fn end_of(&self, id: usize) -> Sight {
        if self.lost.contains(&id) {
            Sight::Unknown
        } else if self.failed.contains(&id) {
            Sight::Failed
        } else {
            Sight::Succeeded
        }
    }
}

/// Goes through every way in which up to `kills` tries are killed, and then lets one run to its end.
fn every_way(rules: Rules, world: &World, kills: u32, check: &mut impl FnMut(&World, End)) {
    let mut unharmed = world.clone();
    let (end, commands) = unharmed.run(rules, None);
    check(&unharmed, end);
    if kills == 0 {
        return;
    }
    for at in 0..commands.len() {
        for after in [false, true] {
            let mut harmed = world.clone();
            harmed.run(rules, Some((at, after)));
            every_way(rules, &harmed, kills - 1, check);
        }
    }
}

#[test]
fn with_tokens_there_is_exactly_one_job_however_a_task_is_killed() {
    for tokens in [TokenSupport::Idempotent, TokenSupport::Searchable] {
        let mut ways = 0;
        every_way(rules(tokens), &World::default(), 3, &mut |world, end| {
            assert_eq!(end, End::Result(0));
            assert_eq!(world.jobs.len(), 1);
            assert!(world.record.as_ref().is_some_and(Record::is_done));
            ways += 1;
        });
        assert!(ways > 1500, "{ways}");
    }
}

#[test]
fn without_tokens_there_is_one_job_more_for_each_kill_between_submit_and_store() {
    let rules = rules(TokenSupport::None);
    let mut most = 0;
    every_way(rules, &World::default(), 3, &mut |world, end| {
        assert!(matches!(end, End::Result(_)), "{end:?}");
        assert_eq!(world.jobs.len(), 1 + world.in_the_window);
        most = most.max(world.jobs.len());
    });
    assert_eq!(most, 4);
}

#[test]
fn a_task_that_fails_in_doubt_never_has_two_jobs() {
    let rules = Rules {
        on_doubt: OnDoubt::Fail,
        ..rules(TokenSupport::None)
    };
    let mut doubts = 0;
    every_way(rules, &World::default(), 3, &mut |world, end| {
        assert!(world.jobs.len() <= 1);
        match end {
            End::Result(0) => assert_eq!(world.in_the_window, 0),
            End::Failed(Failure::InDoubt(_)) => doubts += 1,
            other => panic!("{other:?}"),
        }
    });
    assert!(doubts > 0);
}

#[test]
fn a_failed_job_fails_its_try_and_the_next_one_submits_afresh() {
    for tokens in [
        TokenSupport::Idempotent,
        TokenSupport::Searchable,
        TokenSupport::None,
    ] {
        let mut world = World {
            failed: BTreeSet::from([0]),
            ..World::default()
        };
        let (end, _) = world.run(rules(tokens), None);
        assert_eq!(end, End::Failed(Failure::Job(0)));
        let (end, _) = world.run(rules(tokens), None);
        assert_eq!(end, End::Result(1));
        assert_eq!(world.jobs, [Token::numbered(1), Token::numbered(2)]);
    }
}

#[test]
fn a_failed_job_is_followed_by_one_more_however_a_task_is_killed() {
    let rules = rules(TokenSupport::Idempotent);
    let world = World {
        failed: BTreeSet::from([0]),
        ..World::default()
    };
    every_way(rules, &world, 2, &mut |world, end| {
        let mut world = world.clone();
        if end == End::Failed(Failure::Job(0)) {
            assert_eq!(world.run(rules, None).0, End::Result(1));
        } else {
            assert_eq!(end, End::Result(1));
        }
        assert_eq!(world.jobs.len(), 2);
    });
}

/// The commands of a try that finds this record.
fn resumed(rules: Rules, mut world: World, record: Record<usize>) -> (End, Vec<Command<usize>>) {
    world.record = Some(record);
    world.jobs.push(Token::numbered(0));
    world.run(rules, None)
}

fn submitted(id: usize) -> Record<usize> {
    Record::Submitted { intent: None, id }
}

#[test]
fn a_job_that_has_succeeded_gives_its_result_at_once() {
    let record = Record::Succeeded {
        intent: None,
        id: 0,
    };
    let (end, commands) = resumed(rules(TokenSupport::None), World::default(), record);
    assert_eq!(end, End::Result(0));
    assert_eq!(
        commands,
        [Command::Load, Command::Fetch(0), Command::Finish]
    );
}

#[test]
fn a_job_that_succeeded_meanwhile_is_not_waited_for() {
    let (end, commands) = resumed(rules(TokenSupport::None), World::default(), submitted(0));
    assert_eq!(end, End::Result(0));
    assert_eq!(commands[1..3], [Command::Ask(0), Command::Fetch(0)]);
}

#[test]
fn an_active_job_is_reconnected_to_and_its_result_returned() {
    let rules = rules(TokenSupport::None);
    let fresh = Intent {
        token: Token::numbered(1),
        since: "2026-01-01T00:00:00Z".parse().unwrap(),
        try_number: 2,
    };
    let (mut machine, command) = Machine::start(rules, fresh);
    assert_eq!(command, Command::Load);
    let loaded = Event::Loaded(Some(submitted(7)));
    assert_eq!(machine.on(loaded), Command::Ask(7));
    assert_eq!(machine.on(Event::Seen(Sight::Active)), Command::Poll(7));
    assert_eq!(machine.on(Event::Seen(Sight::Succeeded)), Command::Fetch(7));
    let done = Record::Succeeded {
        intent: None,
        id: 7,
    };
    assert_eq!(machine.on(Event::Fetched), Command::Save(done));
    assert_eq!(machine.on(Event::Saved), Command::Finish);
}

#[test]
fn a_job_that_is_unknown_fails_the_task_or_is_submitted_again() {
    let lost = World {
        lost: BTreeSet::from([0]),
        ..World::default()
    };
    let fail = rules(TokenSupport::None);
    let (end, _) = resumed(fail, lost.clone(), submitted(0));
    assert_eq!(end, End::Failed(Failure::Unknown(0)));
    let resubmit = Rules {
        on_unknown: OnUnknown::Resubmit,
        ..fail
    };
    let (end, _) = resumed(resubmit, lost.clone(), submitted(0));
    assert_eq!(end, End::Result(1));
    // A system that loses each job does not get one after the other in the same try.
    let mut forgetful = World {
        lost: BTreeSet::from([0, 1, 2]),
        ..World::default()
    };
    assert_eq!(
        forgetful.run(resubmit, None).0,
        End::Failed(Failure::Unknown(0))
    );
    assert_eq!(forgetful.jobs.len(), 1);
}

#[test]
fn a_refused_submission_leaves_no_doubt() {
    let rules = Rules {
        on_doubt: OnDoubt::Fail,
        ..rules(TokenSupport::None)
    };
    let fresh = Intent {
        token: Token::numbered(1),
        since: "2026-01-01T00:00:00Z".parse().unwrap(),
        try_number: 1,
    };
    let (mut machine, _) = Machine::<usize>::start(rules, fresh.clone());
    machine.on(Event::Loaded(None));
    machine.on(Event::Saved);
    let refused = Record::Failed {
        intent: Some(fresh),
        id: None,
    };
    assert_eq!(machine.on(Event::Refused), Command::Save(refused.clone()));
    assert!(machine.is_noting_failure());
    assert_eq!(machine.on(Event::Saved), Command::Fail(Failure::Refused));
    let mut world = World {
        record: Some(refused),
        ..World::default()
    };
    assert_eq!(world.run(rules, None).0, End::Result(0));
}

#[test]
fn a_job_that_is_not_durable_stores_nothing() {
    let rules = Rules {
        durable: false,
        ..rules(TokenSupport::Idempotent)
    };
    let fresh = Intent {
        token: Token::numbered(1),
        since: "2026-01-01T00:00:00Z".parse().unwrap(),
        try_number: 1,
    };
    for (sight, end) in [
        (Sight::Succeeded, Command::Fetch(3)),
        (Sight::Failed, Command::Fail(Failure::Job(3))),
        (Sight::Unknown, Command::Fail(Failure::Unknown(3))),
    ] {
        let (mut machine, command) = Machine::start(rules, fresh.clone());
        assert_eq!(command, Command::Submit(Token::numbered(1)));
        assert_eq!(machine.on(Event::Submitted(3)), Command::Poll(3));
        assert_eq!(machine.on(Event::Seen(sight)), end);
        if sight == Sight::Succeeded {
            assert_eq!(machine.on(Event::Fetched), Command::Finish);
        }
    }
}
