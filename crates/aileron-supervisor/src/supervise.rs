//! The whole life of a try.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use aileron_execution_api::{EnterRunning, ExecutionApi, StateUpdate, TerminalUpdate};
use aileron_wire::message::{DeleteXCom, RetryTask, StartupDetails, TIRunContext, TerminalState};
use jiff::Timestamp;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::connect::Door;
use crate::ender::Ender;
use crate::heartbeat::heartbeats;
use crate::host::unixname;
use crate::log::{Level, OpenLog, Stream};
use crate::outcome::Outcome;
use crate::process::Child;
use crate::requests::{Conversation, Frame, Handler, Replies};
use crate::{
    Ended, Exit, Finished, Settings, Stop, SuperviseError, TaskCommand, TaskLog, Workload, secrets,
};

/// A try of a task instance, and all that is needed to run it.
pub struct Supervised {
    /// What answers the requests; it speaks for the task instance of `workload`.
    pub api: Arc<dyn ExecutionApi>,
    /// What to run.
    pub workload: Workload,
    /// The program that runs it.
    pub command: TaskCommand,
    /// Timeouts and the like.
    pub settings: Settings,
    /// Where its log goes.
    pub log: TaskLog,
    /// Ends it.
    pub stop: Stop,
}

/// Runs a try of a task instance until its process has ended, its log is written, and Airflow knows its state.
///
/// Needs a tokio runtime with I/O and time. Dropping the future kills the process group of the task; use `stop` to end it
/// in order.
///
/// From the first call on, other processes of the same user cannot read the memory of this one, and it leaves no core dump.
///
/// # Errors
///
/// When the task body was not reached. Then nothing runs any more, and Airflow has not heard how it ended.
pub async fn supervise(task: Supervised) -> Result<Finished, SuperviseError> {
    let mut log = task.log.open();
    let run = Run {
        api: task.api,
        workload: task.workload,
        command: task.command,
        settings: task.settings,
        stop: task.stop,
    };
    match run.run(&mut log).await {
        Ok(mut finished) => {
            finished.log_problems = log.finish().await;
            Ok(finished)
        }
        Err(error) => {
            log.journal().say(Level::Error, &error.to_string());
            log.close();
            log.finish().await;
            Err(error)
        }
    }
}

struct Run {
    api: Arc<dyn ExecutionApi>,
    workload: Workload,
    command: TaskCommand,
    settings: Settings,
    stop: Stop,
}

/// The connections of a task.
struct Connected {
    comm: TcpStream,
    logs: TcpStream,
}

impl Run {
    async fn run(self, log: &mut OpenLog) -> Result<Finished, SuperviseError> {
        let comm = Door::open().await.map_err(SuperviseError::Listen)?;
        let logs = Door::open().await.map_err(SuperviseError::Listen)?;
        let mut child = Child::start(
            &self.command,
            &self.settings,
            comm.address(),
            logs.address(),
        )?;
        let (stdout, stderr) = child.take_output();
        if let (Some(stdout), Some(stderr)) = (stdout, stderr) {
            log.read(Stream::Stdout, stdout);
            log.read(Stream::Stderr, stderr);
        }
        let connected = self.connected(&mut child, comm, logs, log).await?;
        log.read(Stream::Log, connected.logs);
        let context = self.start(&child).await?;
        Ok(self.converse(child, connected.comm, context, log).await)
    }

    /// Waits for both connections.
    async fn connected(
        &self,
        child: &mut Child,
        comm: Door,
        logs: Door,
        log: &mut OpenLog,
    ) -> Result<Connected, SuperviseError> {
        let id = child.id();
        let both = async { tokio::try_join!(comm.admit(id), logs.admit(id)) };
        tokio::select! {
            biased;
            connected = both => {
                let (comm, logs) = connected.map_err(SuperviseError::Listen)?;
                Ok(Connected { comm, logs })
            }
            () = self.stop.terminated() => Err(SuperviseError::Stopped),
            exit = child.wait() => Err(SuperviseError::Exited {
                program: self.command.program.clone(),
                exit,
                output: self.printed(log).await,
            }),
            () = sleep(self.settings.startup_timeout) => Err(SuperviseError::StartupTimeout {
                program: self.command.program.clone(),
                after: self.settings.startup_timeout,
                output: log.printed(),
            }),
        }
    }

    /// All that a process printed that is gone.
    async fn printed(&self, log: &mut OpenLog) -> String {
        tokio::select! {
            () = log.ended() => {}
            // Something that it has started holds its output open.
            () = sleep(self.settings.kill_grace) => {}
        }
        log.printed()
    }

    /// Tells Airflow that the task starts, and gets told what it needs to know.
    async fn start(&self, child: &Child) -> Result<TIRunContext, SuperviseError> {
        let start = EnterRunning {
            hostname: self.settings.hostname.clone(),
            unixname: unixname(),
            pid: child.id(),
            start_date: Timestamp::now(),
        };
        self.api
            .start(start)
            .await
            .map_err(|error| SuperviseError::NotStarted(Box::new(error)))
    }

    /// The first frame.
    fn greeting(&self, ti_context: TIRunContext) -> Frame {
        let version = self.command.schema_version;
        let details = StartupDetails {
            ti: self.workload.ti.clone(),
            dag_rel_path: self.workload.dag_rel_path.clone(),
            bundle_info: self.workload.bundle_info.clone(),
            // A task that comes back from a trigger started before.
            start_date: ti_context.start_date.unwrap_or_else(Timestamp::now),
            ti_context,
            sentry_integration: self.workload.sentry_integration.clone(),
        };
        Replies { id: 0, version }.message(details)
    }

    /// Deletes what an earlier try has left, so that the task does not have to.
    async fn clear_xcoms(&self, context: &mut TIRunContext) -> Result<(), String> {
        let ti = &self.workload.ti;
        for key in std::mem::take(&mut context.xcom_keys_to_clear) {
            let delete = DeleteXCom {
                map_index: Some(ti.map_index),
                ..DeleteXCom::new(key.clone(), &ti.dag_id, &ti.run_id, &ti.task_id)
            };
            if let Err(error) = self.api.delete_xcom(delete).await {
                return Err(format!(
                    "the XCom {key:?} of an earlier try could not be deleted: {error}"
                ));
            }
        }
        Ok(())
    }

    /// From the start of the task to its end.
    async fn converse(
        &self,
        mut child: Child,
        comm: TcpStream,
        mut context: TIRunContext,
        log: &mut OpenLog,
    ) -> Finished {
        secrets::mask_context(log.masker(), &context);
        let outcome = Arc::new(Outcome::new(context.should_retry, &self.settings));
        let mut ender = Ender::new(self.settings.kill_grace);
        if let Err(problem) = self.clear_xcoms(&mut context).await {
            outcome.decide(not_prepared(&problem, context.should_retry));
            ender.kill(&child, Ended::NotPrepared(problem), log.journal());
        }
        let handler = Arc::new(Handler {
            api: Arc::clone(&self.api),
            ti_id: self.workload.ti.id,
            masker: Arc::clone(log.masker()),
            journal: log.journal().clone(),
            outcome: Arc::clone(&outcome),
        });
        let conversation = Conversation {
            handler,
            version: self.command.schema_version,
            greeting: self.greeting(context),
        };
        let exit = self
            .watch(
                &mut child,
                conversation.run(comm),
                &outcome,
                &mut ender,
                log,
            )
            .await;
        tell_exit(exit, ender.ended(), log);
        let (state, delivery) = outcome
            .conclude(
                exit,
                ender.after_it_was_said(),
                self.api.as_ref(),
                log.journal(),
            )
            .await;
        Finished {
            state,
            exit,
            ended: ender.into_ended(),
            delivery,
            pid: child.id(),
            duration: child.duration(),
            log_problems: Vec::new(),
        }
    }

    /// Waits for the end of the process, and for all that it has said.
    async fn watch(
        &self,
        child: &mut Child,
        conversation: impl Future<Output = Result<(), crate::requests::Unreadable>>,
        outcome: &Arc<Outcome>,
        ender: &mut Ender,
        log: &mut OpenLog,
    ) -> Exit {
        let mut conversation = pin!(conversation);
        let mut talks = true;
        let beats = heartbeats(
            Arc::clone(&self.api),
            Arc::clone(outcome),
            &self.settings,
            child.id(),
        );
        let mut beats = pin!(beats);
        let overtime = async {
            let since = outcome.settled().await;
            tokio::time::sleep_until(since + self.settings.success_overtime).await;
        };
        let mut overtime = pin!(overtime);
        let mut overdue = pin!(outcome.overdue());
        let exit = loop {
            let waits = ender.is_idle();
            tokio::select! {
                biased;
                exit = child.wait() => break exit,
                () = self.stop.killed(), if !ender.is_killed() => {
                    ender.kill(child, Ended::Stopped, log.journal());
                }
                read = &mut conversation, if talks => {
                    talks = false;
                    if let Err(error) = read {
                        ender.terminate(child, Ended::BadFrame(error.to_string()), log.journal());
                    }
                }
                ended = &mut beats, if waits => ender.terminate(child, ended, log.journal()),
                () = self.stop.terminated(), if waits => {
                    ender.terminate(child, Ended::Stopped, log.journal());
                }
                () = &mut overtime, if waits => ender.terminate(child, Ended::Overtime, log.journal()),
                () = &mut overdue, if waits => {
                    ender.terminate(child, Ended::ExecutionTimeout, log.journal());
                }
                () = ender.grace_over() => ender.escalate(child, log.journal()),
            }
        };
        if let Exit::Signal(_) = exit {
            ender.bury(child, log.journal());
        }
        let rest = async {
            tokio::join!(
                async {
                    if talks {
                        // What cannot be read at the end was cut off by the end.
                        let _ = conversation.await;
                    }
                },
                log.ended(),
            );
        };
        tokio::select! {
            biased;
            () = async { tokio::join!(rest, ender.sweep(child)); } => return exit,
            () = sleep(self.settings.socket_cleanup_timeout) => {}
            () = self.stop.killed() => {}
        }
        ender.sweep_now(child);
        log.journal().say(
            Level::Warning,
            "The process has ended, but something that it started holds its output open; nothing more is read",
        );
        log.close();
        log.ended().await;
        exit
    }
}

fn not_prepared(problem: &str, should_retry: bool) -> StateUpdate {
    if should_retry {
        return StateUpdate::Retry(RetryTask {
            retry_reason: Some(problem.to_owned()),
            ..RetryTask::new(Timestamp::now())
        });
    }
    StateUpdate::Terminal(TerminalUpdate::new(TerminalState::Failed, Timestamp::now()))
}

/// Says in the log how the process ended, where that is not as it should be.
fn tell_exit(exit: Exit, ended: Option<&Ended>, log: &OpenLog) {
    match exit {
        Exit::Code(0) => {}
        Exit::Code(code) => log.journal().tell(
            Level::Warning,
            "The process of the task did not exit with 0",
            [("exit_code", json!(code))],
        ),
        // It was sent by the supervisor, which has said so.
        Exit::Signal(_) if ended.is_some() => {}
        Exit::Signal(9) => log.journal().tell(
            Level::Critical,
            "The process of the task was killed: most likely it, or the machine, ran out of memory",
            [("signal", json!(9))],
        ),
        Exit::Signal(signal) => log.journal().tell(
            Level::Error,
            "A signal ended the process of the task",
            [("signal", json!(signal))],
        ),
    }
}
