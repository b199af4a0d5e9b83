//! What kind of state a key and its values are.

use ruff_python_ast::Expr;

use crate::semantic::{Model, ScopeId, sub_expressions};

/// What kind of state it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nature {
    /// The id of a job on another system.
    Job,
    /// A point in time up to which work is done.
    Watermark,
    /// Where a task stands: a cursor, an offset, a counter.
    Cursor,
}

/// What a thing is called that another system runs, when `id` follows.
const JOBS: [&str; 24] = [
    "job",
    "run",
    "query",
    "execution",
    "application",
    "app",
    "statement",
    "batch",
    "cluster",
    "driver",
    "step",
    "operation",
    "submission",
    "process",
    "spark",
    "emr",
    "build",
    "pipeline",
    "workflow",
    "session",
    "command",
    "training",
    "task",
    "export",
];
const IDS: [&str; 4] = ["id", "arn", "handle", "ids"];
const CURSORS: [&str; 7] = [
    "resume",
    "cursor",
    "offset",
    "checkpoint",
    "bookmark",
    "continuation",
    "position",
];
const DONE: [&str; 28] = [
    "run",
    "processed",
    "loaded",
    "sync",
    "synced",
    "success",
    "execution",
    "updated",
    "update",
    "modified",
    "load",
    "ingest",
    "ingested",
    "seen",
    "ts",
    "timestamp",
    "time",
    "date",
    "datetime",
    "fetch",
    "fetched",
    "exported",
    "imported",
    "extract",
    "extracted",
    "polled",
    "at",
    "checked",
];
/// What is rightly kept in a Variable and changed by a task, for all to see.
const SETTINGS: [&str; 22] = [
    "token",
    "secret",
    "password",
    "key",
    "credential",
    "credentials",
    "auth",
    "config",
    "configuration",
    "setting",
    "settings",
    "flag",
    "enabled",
    "disabled",
    "url",
    "email",
    "endpoint",
    "threshold",
    "cache",
    "schema",
    "mode",
    "feature",
];

/// The words of a name: `lastRunAt` and `last-run_at` are `last`, `run`, `at`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_is_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (before_is_lower && c.is_uppercase()) {
            words.push(String::new());
        }
        if c.is_alphanumeric() {
            words
                .last_mut()
                .expect("there is always a last word")
                .extend(c.to_lowercase());
        }
        before_is_lower = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

fn has(words: &[String], wanted: &[&str]) -> bool {
    words.iter().any(|word| wanted.contains(&word.as_str()))
}

fn is_pair(words: &[String], first: &[&str], second: &[&str]) -> bool {
    words
        .windows(2)
        .any(|pair| first.contains(&pair[0].as_str()) && second.contains(&pair[1].as_str()))
}

impl Nature {
    /// What a name says.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let words = words(name);
        let is_last = has(
            &words,
            &["last", "latest", "prev", "previous", "max", "high"],
        );
        if has(&words, &["watermark", "highwater", "lastrun"])
            || is_pair(&words, &["high", "low"], &["water"])
            || (is_last && has(&words, &DONE) && !has(&words, &IDS))
        {
            Some(Self::Watermark)
        } else if !is_last
            && (is_pair(&words, &JOBS, &IDS) || has(&words, &["jobid", "runid", "queryid"]))
        {
            Some(Self::Job)
        } else if has(&words, &CURSORS)
            || is_pair(&words, &["next", "page", "sync"], &["token"])
            || is_pair(&words, &["next", "last", "current"], &["page"])
            || (is_last
                && has(
                    &words,
                    &[
                        "id", "ids", "row", "record", "index", "seq", "sequence", "key", "lsn",
                    ],
                ))
        {
            Some(Self::Cursor)
        } else {
            None
        }
    }

    /// Whether a name is of something that a Variable is for.
    pub(super) fn is_setting(name: &str) -> bool {
        has(&words(name), &SETTINGS)
    }
}

/// Whether a value is made from the time: `datetime.now()`, `context["data_interval_end"]`.
pub(super) fn is_time<'a>(model: &Model<'a>, scope: ScopeId, value: &'a Expr) -> bool {
    model
        .origins(scope, value)
        .into_iter()
        .any(|(scope, origin)| {
            sub_expressions(origin).into_iter().any(|part| match part {
                Expr::Call(call) => {
                    let name = call
                        .func
                        .as_attribute_expr()
                        .map(|attribute| attribute.attr.as_str());
                    matches!(name, Some("now" | "utcnow" | "today" | "isoformat"))
                        || model.qualified(scope, &call.func).as_deref() == Some("time.time")
                }
                Expr::Subscript(_) | Expr::Name(_) => matches!(
                    model.context_entry(scope, part),
                    Some(
                        "ts" | "ds"
                            | "logical_date"
                            | "execution_date"
                            | "data_interval_start"
                            | "data_interval_end"
                            | "ds_nodash"
                            | "ts_nodash"
                    )
                ),
                _ => false,
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_they_are_of() {
        for (name, nature) in [
            ("spark_job_id", Some(Nature::Job)),
            ("emr-step-id", Some(Nature::Job)),
            ("queryId", Some(Nature::Job)),
            ("orders_watermark", Some(Nature::Watermark)),
            ("last_processed_at", Some(Nature::Watermark)),
            ("lastRunDate", Some(Nature::Watermark)),
            ("ingest_cursor", Some(Nature::Cursor)),
            ("last_id", Some(Nature::Cursor)),
            ("last_job_id", Some(Nature::Cursor)),
            ("next_token", Some(Nature::Cursor)),
            ("next_page", Some(Nature::Cursor)),
            ("landing_page", None),
            ("api_token", None),
            ("slack_channel", None),
            ("bucket", None),
            ("user_id", None),
        ] {
            assert_eq!(Nature::of_name(name), nature, "{name}");
        }
    }
}
