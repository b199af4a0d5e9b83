//! A task instance waits for something outside of Airflow, without a process.

use aileron_wire::json::{JsonMap, RawJson};
use aileron_wire::message::{AwaitInputTask, DeferTask, Kwargs, TaskInstanceState};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::subject::Subject;
use crate::database::{DatabaseError, Session, sql};
use crate::failure::Failure;

/// Puts a task instance into `deferred`, with a trigger.
pub(super) async fn defer(
    session: &mut Session,
    subject: &Subject,
    defer: &DeferTask,
) -> Result<(), Failure> {
    let kwargs = match &defer.trigger_kwargs {
        Some(Kwargs::Encrypted(text)) => text.clone(),
        Some(Kwargs::Map(map)) => text_of(map)?,
        None => "{}".to_owned(),
    };
    let trigger = sql(
        "insert into \"trigger\" (classpath, kwargs, created_date, queue, team_name) \
         values ($1, $2, $3, $4, $5) returning id",
    )
    .bind(&defer.classpath)
    .bind(kwargs)
    .bind(Timestamp::now())
    .bind(defer.queue.as_deref())
    .bind(subject.team.as_deref());
    let trigger: i64 = session.one(trigger).await?.get("id")?;
    let pause = Pause {
        state: TaskInstanceState::Deferred,
        trigger: Some(trigger),
        timeout: defer.trigger_timeout,
        next_method: &defer.next_method,
        next_kwargs: defer.next_kwargs.as_ref(),
    };
    Ok(pause.write(session, subject).await?)
}

/// Puts a task instance into `awaiting_input`, or schedules it when the person was faster. Returns
/// the state.
pub(super) async fn await_input(
    session: &mut Session,
    subject: &Subject,
    input: &AwaitInputTask,
) -> Result<TaskInstanceState, Failure> {
    let answered = sql("select responded_at from hitl_detail where ti_id = $1").bind(subject.id);
    let answered = match session.optional(answered).await? {
        Some(row) => row.get::<Option<Timestamp>>("responded_at")?.is_some(),
        None => false,
    };
    if answered {
        // The answer goes into the arguments in Python's serialization, which only an Airflow does.
        return Err(Failure::unsupported(
            "an answer that was there before its task began to wait",
        ));
    }
    let pause = Pause {
        state: TaskInstanceState::AwaitingInput,
        trigger: None,
        timeout: input.timeout,
        next_method: &input.next_method,
        next_kwargs: input.next_kwargs.as_ref(),
    };
    pause.write(session, subject).await?;
    Ok(pause.state)
}

struct Pause<'a> {
    state: TaskInstanceState,
    trigger: Option<i64>,
    timeout: Option<SignedDuration>,
    next_method: &'a str,
    next_kwargs: Option<&'a JsonMap>,
}

impl Pause<'_> {
    async fn write(&self, session: &mut Session, subject: &Subject) -> Result<(), DatabaseError> {
        let now = Timestamp::now();
        let timeout = self.timeout.map(|timeout| {
            let end = now.checked_add(timeout);
            end.unwrap_or(Timestamp::MAX)
        });
        let empty = JsonMap::new();
        let kwargs = RawJson::of(self.next_kwargs.unwrap_or(&empty))
            .map_err(|error| DatabaseError::Encode(error.into()))?;
        let statement = sql(
            "update task_instance set state = $2, trigger_id = $3, next_method = $4, \
             next_kwargs = $5, trigger_timeout = $6, updated_at = $7 where id = $1",
        )
        .bind(subject.id)
        .bind(self.state.as_str())
        .bind(self.trigger)
        .bind(self.next_method)
        .bind(kwargs)
        .bind(timeout)
        .bind(now);
        session.execute(statement).await?;
        Ok(())
    }
}

fn text_of(map: &JsonMap) -> Result<String, Failure> {
    serde_json::to_string(&Value::Object(map.clone()))
        .map_err(|error| DatabaseError::Encode(error.into()).into())
}
