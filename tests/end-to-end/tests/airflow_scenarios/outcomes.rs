//! Tasks that end other than by success or failure.

use anyhow::{Context, Result, ensure};
use end_to_end::{Airflow, AirflowVersion, DagRun};
use serde_json::{Value, json};

use super::{LIMIT, log_file, run_dag, run_to_success};

fn state(airflow: &Airflow, run: &DagRun, task_id: &str) -> Result<String> {
    let instance = airflow.api().task_instance(run, task_id)?;
    Ok(instance.state.unwrap_or_default())
}

fn returned(airflow: &Airflow, run: &DagRun, task_id: &str) -> Result<Value> {
    let value = airflow.api().return_value(run, task_id)?;
    value.with_context(|| format!("{task_id} returned nothing"))
}

pub(super) fn skips_are_seen_as_such(airflow: &Airflow) -> Result<()> {
    let run = run_to_success(airflow, "skipping")?;
    for (task_id, expected) in [
        ("skip_it", "skipped"),
        ("after_the_skip", "skipped"),
        ("despite_the_skip", "success"),
        ("branch", "success"),
        ("left", "skipped"),
        ("right", "success"),
    ] {
        assert_eq!(state(airflow, &run, task_id)?, expected, "{task_id}");
    }
    let log = log_file(airflow, &run, "skip_it", 1)?;
    let line = log.find("there is nothing to do today");
    assert_eq!(line.context("the reason is not logged")?.level(), "info");
    assert_eq!(airflow.api().return_value(&run, "skip_it")?, None);
    Ok(())
}

pub(super) fn a_task_shows_its_arguments_fields_and_label(airflow: &Airflow) -> Result<()> {
    let run = run_to_success(airflow, "labelling")?;
    let instance = airflow.api().task_instance(&run, "labelled")?;
    assert_eq!(instance.rendered_map_index.as_deref(), Some("uk"));
    let query = "select * from orders where country = 'uk' limit 3";
    let expected = json!({"country": "uk", "limit": 3, "query": query});
    assert_eq!(instance.rendered_fields, expected);
    Ok(())
}

pub(super) fn a_retry_has_the_delay_and_the_reason_of_the_task(airflow: &Airflow) -> Result<()> {
    let run = run_dag(airflow, "retrying")?;
    assert_eq!(state(airflow, &run, "retry_soon")?, "success");
    assert_eq!(returned(airflow, &run, "retry_soon")?, 2);
    // The policy wanted one retry of the three that there are.
    let judged = airflow.api().task_instance(&run, "judged")?;
    assert_eq!(judged.state.as_deref(), Some("failed"));
    assert_eq!(judged.try_number, 2);
    // Where Airflow keeps the tries that are over.
    let table = match airflow.version() {
        AirflowVersion::V3_3_2 => "task_instance_history",
        AirflowVersion::V3_4_0b2 => "task_instance",
    };
    let kept = airflow.query(
        &format!(
            "select task_id, retry_reason, retry_delay_override from {table} \
         where run_id = '{}' and dag_id = 'retrying' and try_number = 1 order by task_id",
            run.dag_run_id
        ),
        &[],
    )?;
    let expected = [
        json!(["judged", "try 1 was too early", 1.0]),
        json!(["retry_soon", "the network blinked", 1.0]),
    ];
    assert_eq!(kept, expected);
    Ok(())
}

pub(super) fn a_sensor_is_rescheduled_until_its_time_is_over(airflow: &Airflow) -> Result<()> {
    let run = run_to_success(airflow, "sensing")?;
    let sensed = returned(airflow, &run, "sense")?;
    assert_eq!(sensed["reschedules"], 2);
    assert_eq!(state(airflow, &run, "sense_in_vain")?, "skipped");
    let kept = airflow.query(
        &format!(
            "select ti.task_id, count(*), min(tr.start_date) from task_reschedule tr \
         join task_instance ti on ti.id = tr.ti_id where ti.dag_id = 'sensing' \
         and ti.run_id = '{}' group by ti.task_id order by ti.task_id",
            run.dag_run_id
        ),
        &[],
    )?;
    assert_eq!(kept[0][0], "sense");
    assert_eq!(kept[0][1], 2);
    // The same moment: the task has it in RFC 3339, the database in SQLite's own way.
    let first = sensed["first"].as_str().context("no first date")?;
    let stored = kept[0][2].as_str().context("no first date is stored")?;
    assert_eq!(
        first.get(..19),
        Some(stored.replace(' ', "T").as_str().get(..19).unwrap_or(""))
    );
    // It gave up by the time since the first reschedule, not at once.
    assert_eq!(kept[1][0], "sense_in_vain");
    ensure!(kept[1][1].as_i64() >= Some(1), "{kept:?}");
    for task_id in ["sense", "sense_in_vain"] {
        assert_eq!(airflow.api().task_instance(&run, task_id)?.try_number, 1);
    }
    Ok(())
}

pub(super) fn a_deferred_task_goes_on(airflow: &Airflow) -> Result<()> {
    let run = run_dag(airflow, "deferring")?;
    with_the_event(airflow, &run)?;
    with_the_failure(airflow, &run)
}

fn with_the_event(airflow: &Airflow, run: &DagRun) -> Result<()> {
    assert_eq!(state(airflow, run, "wait_for_time")?, "success");
    let waited = returned(airflow, run, "wait_for_time")?;
    assert_eq!(waited["tries"], 1);
    assert_eq!(waited["left_behind"], json!({"numbers": [1, 2]}));
    // What the trigger yields is a Python `datetime`: the moment that it was to wait for.
    assert_eq!(waited["late"], true);
    ensure!(waited["moment"].is_string(), "{waited}");
    let log = log_file(airflow, run, "wait_for_time", 1)?;
    for text in ["waits for its trigger", "going on in `time_has_come`"] {
        ensure!(log.find(text).is_some(), "no {text:?} in:\n{log}");
    }
    Ok(())
}

fn with_the_failure(airflow: &Airflow, run: &DagRun) -> Result<()> {
    assert_eq!(returned(airflow, run, "wait_in_vain")?, "timed out");
    let caught = returned(airflow, run, "wait_for_nothing")?;
    let caught = caught.as_str().context("no text")?;
    ensure!(caught.contains("NoSuchTrigger"), "{caught}");
    // No handler of it takes failures.
    assert_eq!(state(airflow, run, "wait_and_fail")?, "failed");
    let log = log_file(airflow, run, "wait_and_fail", 1)?;
    ensure!(log.find("the wait timed out").is_some(), "{log}");
    Ok(())
}

pub(super) fn a_task_goes_on_with_the_answer_of_a_person(airflow: &Airflow) -> Result<()> {
    let api = airflow.api();
    api.wait_for_dag("asking", LIMIT)?;
    let run = api.trigger("asking", &json!({}))?;
    api.wait_for_state(&run, "approve", "awaiting_input", LIMIT)?;
    // An answer within a moment would be too early: where the scheduler learns only after it that the first process is
    // gone, it takes the task, queued again by then, for one that was lost, and fails it.
    api.wait_for_state(&run, "approve_in_time", "success", LIMIT)?;
    let refused = api.answer(&run, "approve", &["burn"], &json!({}));
    ensure!(refused.is_err(), "an answer that is no option was taken");
    api.answer(&run, "approve", &["pay"], &json!({"note": "both of them"}))?;
    let run = api.wait_for_success(&run, LIMIT)?;
    let answered = returned(airflow, &run, "approve")?;
    assert_eq!(answered["chosen"], json!(["pay"]));
    assert_eq!(answered["note"], "both of them");
    assert_eq!(
        (&answered["amount"], &answered["timed_out"]),
        (&json!(5), &json!(false))
    );
    ensure!(
        answered["by"].is_string() && answered["at"].is_string(),
        "{answered}"
    );
    // Nobody answered the other one.
    let answered = returned(airflow, &run, "approve_in_time")?;
    assert_eq!(answered["chosen"], json!(["hold"]));
    assert_eq!(answered["note"], "none");
    assert_eq!(
        (&answered["by"], &answered["timed_out"]),
        (&Value::Null, &json!(true))
    );
    Ok(())
}
