//! Schedules, as Airflow describes them in its database.

use serde_json::{Value, json};

/// A schedule.
///
/// Nothing here computes when a Dag runs next: that is a scheduler's.
#[derive(Debug)]
pub(super) struct Timetable {
    /// The name of the class.
    pub(super) kind: &'static str,
    /// What `airflow dags list` and the web page show.
    pub(super) summary: String,
    /// A sentence about it. Airflow puts a cron expression into words there; here it stays empty.
    pub(super) description: Option<&'static str>,
    /// Whether it runs again and again at certain times.
    pub(super) periodic: bool,
    /// How it stands in a serialized Dag.
    pub(super) data: Value,
}

impl Timetable {
    /// The schedule that an outline names. Airflow 3 reads a cron expression as points in time,
    /// unless it is configured otherwise.
    pub(super) fn of(schedule: Option<&str>) -> Self {
        match schedule {
            None => Self::simple("NullTimetable", "None", "Never, external triggers only"),
            Some("@once") => Self::simple("OnceTimetable", "@once", "Once, as soon as possible"),
            Some("@continuous") => Self::simple(
                "ContinuousTimetable",
                "@continuous",
                "As frequently as possible, but only one run at a time.",
            ),
            Some(cron) => Self::cron(expression(cron)),
        }
    }

    fn simple(kind: &'static str, summary: &str, description: &'static str) -> Self {
        Self {
            kind,
            summary: summary.to_owned(),
            description: Some(description),
            periodic: false,
            data: json!({"__type": format!("airflow.timetables.simple.{kind}"), "__var": {}}),
        }
    }

    fn cron(expression: &str) -> Self {
        Self {
            kind: "CronTriggerTimetable",
            summary: expression.to_owned(),
            description: None,
            periodic: true,
            data: json!({
                "__type": "airflow.timetables.trigger.CronTriggerTimetable",
                "__var": {
                    "expression": expression,
                    "timezone": "UTC",
                    "interval": 0.0,
                    "run_immediately": false,
                },
            }),
        }
    }
}

/// The cron expression that a preset stands for.
fn expression(preset: &str) -> &str {
    match preset {
        "@hourly" => "0 * * * *",
        "@daily" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@quarterly" => "0 0 1 */3 *",
        "@yearly" => "0 0 1 1 *",
        other => other,
    }
}
