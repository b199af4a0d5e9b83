//! Every way a task can end but by success or failure.

use std::collections::BTreeMap;
use std::time::Duration;

use aileron::prelude::*;
use aileron::python::DateTime;
use aileron::{HumanAnswer, HumanInput, ResumeError, RetryDecision, Sensor, Trigger, TriggerEvent};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

const SECOND: Duration = Duration::from_secs(1);

#[task]
async fn skip_it() -> Result<()> {
    Err(Error::skip("there is nothing to do today"))
}

#[task]
async fn after_the_skip() -> Result<()> {
    Ok(())
}

#[task(trigger_rule = "none_failed")]
async fn despite_the_skip() -> Result<i64> {
    Ok(1)
}

#[task]
async fn branch(cx: &Context) -> Result<&'static str> {
    cx.skip_downstream(["left"]);
    Ok("right")
}

#[task]
async fn left() -> Result<()> {
    Ok(())
}

#[task]
async fn right() -> Result<()> {
    Ok(())
}

#[dag]
pub(crate) fn skipping(dag: &mut Dag) {
    let skipped = dag.add(skip_it());
    dag.add(after_the_skip().after(skipped));
    dag.add(despite_the_skip().after(skipped));
    let branched = dag.add(branch());
    dag.add(left().after(branched));
    dag.add(right().after(branched));
}

#[task]
async fn labelled(cx: &Context, country: String, limit: i64) -> Result<String> {
    cx.set_rendered_map_index(&country).await?;
    let query = format!("select * from orders where country = '{country}' limit {limit}");
    cx.set_rendered_field("query", &query).await?;
    Ok(query)
}

#[dag]
pub(crate) fn labelling(dag: &mut Dag) {
    dag.add(labelled("uk", 3));
}

/// Its Dag gives the retry ten minutes.
#[task(retries = 1, retry_delay = "10m")]
async fn retry_soon(cx: &Context) -> Result<i64> {
    if cx.try_number() == 1 {
        return Err(Error::retry_after(SECOND, "the network blinked"));
    }
    Ok(cx.try_number())
}

fn judge(error: &Error, cx: &Context) -> RetryDecision {
    if error.to_string().contains("no such table") {
        RetryDecision::fail().because("the table will not come by itself")
    } else {
        RetryDecision::retry_after(SECOND).because(format!("try {} was too early", cx.try_number()))
    }
}

#[task(retries = 3, retry_delay = "10m", retry_policy = judge)]
async fn judged(cx: &Context) -> Result<()> {
    Err(Error::msg(match cx.try_number() {
        1 => "not ready",
        _ => "no such table",
    }))
}

#[dag]
pub(crate) fn retrying(dag: &mut Dag) {
    dag.add(retry_soon());
    dag.add(judged());
}

/// Airflow's scheduler fails a task that is started again before it has noticed that the process of the first time has ended.
/// On a busy machine that takes it seconds.
const INTERVAL: Duration = Duration::from_secs(5);

#[derive(Serialize)]
struct Sensed {
    reschedules: i64,
    first: Option<String>,
}

#[task]
async fn sense(cx: &Context) -> Result<Sensed> {
    let sensor = Sensor::every(INTERVAL).timeout(120 * SECOND).reschedule();
    let reschedules = sensor
        .until(cx, async || {
            let count = cx.task_reschedule_count();
            Ok((count >= 2).then_some(count))
        })
        .await?;
    let first = cx.runs().first_reschedule_date().await?;
    Ok(Sensed {
        reschedules,
        first: first.map(|date| date.to_string()),
    })
}

/// Runs out of time only when the time counts across its reschedules: each try by itself takes a moment.
#[task]
async fn sense_in_vain(cx: &Context) -> Result<()> {
    let sensor = Sensor::every(INTERVAL).timeout(SECOND).soft_fail();
    sensor.reschedule().until(cx, async || Ok(None)).await
}

#[dag]
pub(crate) fn sensing(dag: &mut Dag) {
    dag.add(sense());
    dag.add(sense_in_vain());
}

const DATE_TIME_TRIGGER: &str = "airflow.providers.standard.triggers.temporal.DateTimeTrigger";

fn in_seconds(seconds: i64) -> Result<DateTime> {
    let moment = Timestamp::now().checked_add(SignedDuration::from_secs(seconds))?;
    Ok(DateTime(moment.to_zoned(TimeZone::UTC)))
}

#[derive(Serialize, Deserialize)]
struct Waited {
    tries: i64,
    left_behind: BTreeMap<String, Vec<i64>>,
    moment: Timestamp,
    late: bool,
}

/// How long a trigger is waited for, in seconds. Within a moment would be too early: where the scheduler learns only after it that the
/// first process is gone, it takes the task, queued again by then, for one that was lost, and fails it.
const WAIT: i64 = 5;

#[task(resume = [time_has_come])]
async fn wait_for_time(cx: &Context) -> Result<Waited> {
    cx.xcom().push("before", &cx.ti().id).await?;
    Err(Trigger::new(DATE_TIME_TRIGGER)
        .kwarg("moment", in_seconds(WAIT)?)
        .next_kwarg("left_behind", BTreeMap::from([("numbers", [1, 2])]))
        .resume(wait_for_time::time_has_come))
}

async fn time_has_come(cx: &Context, event: TriggerEvent) -> Result<Waited> {
    // What was pushed before the wait is still there.
    let before: String = cx
        .xcom()
        .from("wait_for_time")
        .key("before")
        .get()
        .await?
        .unwrap_or_default();
    if before != cx.ti().id.to_string() {
        return Err(Error::no_retry("another task instance goes on"));
    }
    let moment = event.payload()?;
    Ok(Waited {
        tries: cx.try_number(),
        left_behind: event.next_kwarg("left_behind")?,
        moment,
        late: moment < Timestamp::now(),
    })
}

#[task(resume = [caught])]
async fn wait_in_vain() -> Result<String> {
    Err(Trigger::new(DATE_TIME_TRIGGER)
        .kwarg("moment", in_seconds(3_600)?)
        .timeout(Duration::from_secs(WAIT.unsigned_abs()))
        .resume(wait_in_vain::caught))
}

#[task(resume = [caught])]
async fn wait_for_nothing() -> Result<String> {
    Err(
        Trigger::new("airflow.providers.standard.triggers.temporal.NoSuchTrigger")
            .resume(wait_for_nothing::caught),
    )
}

async fn caught(
    _cx: &Context,
    event: std::result::Result<TriggerEvent, ResumeError>,
) -> Result<String> {
    Ok(match event {
        Ok(_) => "it fired".to_owned(),
        Err(ResumeError::Timeout { .. }) => "timed out".to_owned(),
        Err(error) => error.to_string(),
    })
}

/// Its handler takes no failures.
#[task(resume = [time_has_come])]
async fn wait_and_fail() -> Result<Waited> {
    Err(Trigger::new(DATE_TIME_TRIGGER)
        .kwarg("moment", in_seconds(3_600)?)
        .timeout(Duration::from_secs(WAIT.unsigned_abs()))
        .resume(wait_and_fail::time_has_come))
}

#[dag]
pub(crate) fn deferring(dag: &mut Dag) {
    dag.add(wait_for_time());
    dag.add(wait_in_vain());
    dag.add(wait_for_nothing());
    dag.add(wait_and_fail());
}

#[derive(Serialize)]
struct Answered {
    chosen: Vec<String>,
    note: String,
    by: Option<String>,
    timed_out: bool,
    amount: i64,
    at: Option<String>,
}

fn question() -> HumanInput {
    HumanInput::ask("Pay the invoices?")
        .body("There are **two** of them.")
        .options(["pay", "hold"])
        .defaults(["hold"])
        .param("note", "none")
        .next_kwarg("amount", 5)
}

#[task(resume = [answered])]
async fn approve() -> Result<Answered> {
    Err(question().resume(approve::answered))
}

#[task(resume = [answered])]
async fn approve_in_time() -> Result<Answered> {
    Err(question().timeout(SECOND).resume(approve_in_time::answered))
}

async fn answered(_cx: &Context, answer: HumanAnswer) -> Result<Answered> {
    Ok(Answered {
        note: answer.param("note")?,
        by: answer.responded_by.as_ref().map(|by| by.name.clone()),
        timed_out: answer.timed_out,
        amount: answer.next_kwarg("amount")?,
        at: answer.responded_at.map(|at| at.to_string()),
        chosen: answer.chosen_options,
    })
}

#[dag]
pub(crate) fn asking(dag: &mut Dag) {
    dag.add(approve());
    dag.add(approve_in_time());
}
