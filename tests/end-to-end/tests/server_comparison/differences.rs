//! Where the two servers differ, and why.

use std::collections::BTreeSet;

use end_to_end::AirflowVersion;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::asked::Asked;
use super::pair::Came;

/// The differences that are meant: what the name of a request contains, and the reason.
const MEANT: &[(&str, &str)] = &[
    (
        "{bad\" by Nobody",
        "who has no token learns that before the body is read",
    ),
    (
        "[NaN]",
        "what is no JSON is refused; Airflow stores it and then cannot give it back",
    ),
    (
        "PATCH /hitlDetails/{one} {\"ti_id\":\"{one}\",\"chosen_options\":[\"no\"]}",
        SENTENCE,
    ),
    ("slice?start=-2&stop=9&", SLICE),
    (
        "GET /store/ti/{one}/gone",
        "what has expired is gone; Airflow shows it until somebody cleans up",
    ),
    (
        r#"PATCH /task-instances/{one}/state {"state":"success","end_date":"2026-01-01T00:00:09Z"}"#,
        REPEATED,
    ),
    (
        r#"PATCH /task-instances/{two}/state {"state":"deferred","classpath":"a.B","next_method":"go_on"}"#,
        REPEATED,
    ),
    ("\"pid\":-1", "no process has a number below 0"),
];

/// Those of Airflow 3.3.2 alone.
const MEANT_332: &[(&str, &str)] = &[
    ("GET /variables/x by Callback", SENTENCE),
    ("POST /xcoms/nothing/run/one/k", SENTENCE),
    ("POST /xcoms/execution_api/nothing/one/k 1", SENTENCE),
    ("slice?start=1&stop=0&", SLICE),
    ("slice?start=-2&stop=2&step=-1", SLICE),
    ("slice?start=-2&stop=-1&step=-1", SLICE),
];

/// Those of Airflow 3.3.2 on PostgreSQL, beside the others. There a wrong query is an error.
const MEANT_332_POSTGRES: &[(&str, &str)] = &[
    ("slice?start=0&stop=2&step=-1", SLICE),
    ("slice?start=0&stop=-1&step=-1", SLICE),
    ("slice?start=0&stop=9&step=-1", SLICE),
    ("slice?start=1&stop=2&step=-1", SLICE),
    ("slice?start=1&stop=-1&step=-1", SLICE),
    ("slice?start=1&stop=9&step=-1", SLICE),
    ("slice?start=-2&stop=0&", SLICE),
    ("slice?start=5&stop=0&", SLICE),
    ("slice?start=5&stop=2&", SLICE),
    ("slice?start=5&stop=-1&", SLICE),
    ("slice?start=5&stop=9&step=-1", SLICE),
];

/// Those of Airflow 3.4.0b2 alone.
const MEANT_340: &[(&str, &str)] = &[];

const SENTENCE: &str = "a sentence for people, in other words";
const SLICE: &str = "a slice of Python's list; Airflow turns these bounds into a wrong SQL query";
const REPEATED: &str = "what is so already is answered with 204 as everything else, not with 200";

/// Differences that were found.
pub(crate) struct Differences {
    version: AirflowVersion,
    strict: bool,
    postgres: bool,
    found: Vec<String>,
    used: BTreeSet<&'static str>,
}

impl Differences {
    pub(crate) fn of(version: AirflowVersion) -> Self {
        Self {
            version,
            strict: false,
            postgres: false,
            found: Vec::new(),
            used: BTreeSet::new(),
        }
    }

    /// On PostgreSQL.
    pub(crate) fn on_postgres(mut self) -> Self {
        self.postgres = true;
        self
    }

    /// Nothing may differ.
    pub(crate) fn strict(version: AirflowVersion) -> Self {
        Self {
            strict: true,
            ..Self::of(version)
        }
    }

    /// The differences that are meant of this version.
    fn meant(&self) -> impl Iterator<Item = &'static (&'static str, &'static str)> + use<> {
        let own = match self.version {
            AirflowVersion::V3_3_2 => MEANT_332,
            AirflowVersion::V3_4_0b2 => MEANT_340,
        };
        let on_postgres = match self.version {
            AirflowVersion::V3_3_2 if self.postgres => MEANT_332_POSTGRES,
            _ => &[],
        };
        let meant = MEANT.iter().chain(own).chain(on_postgres);
        meant.filter({
            let strict = self.strict;
            move |_| !strict
        })
    }

    pub(crate) fn note(&mut self, asked: &Asked, theirs: &Came, ours: &Came) {
        let (theirs, ours) = (comparable(theirs), comparable(ours));
        if theirs != ours {
            self.add(
                &asked.name(),
                &format!(
                    "Airflow: {} {:?} {}",
                    theirs.status, theirs.headers, theirs.body
                ),
                &format!("ours:    {} {:?} {}", ours.status, ours.headers, ours.body),
            );
        }
    }

    pub(crate) fn note_table(&mut self, query: &str, theirs: &[Value], ours: &[Value]) {
        let (theirs, ours) = (comparable_rows(theirs), comparable_rows(ours));
        let only = |these: &[Value], those: &[Value]| {
            let rows = these.iter().filter(|row| !those.contains(row));
            rows.map(Value::to_string)
                .collect::<Vec<_>>()
                .join("\n    ")
        };
        if theirs != ours {
            self.add(
                query,
                &format!("Airflow only:\n    {}", only(&theirs, &ours)),
                &format!("ours only:\n    {}", only(&ours, &theirs)),
            );
        }
    }

    fn add(&mut self, name: &str, theirs: &str, ours: &str) {
        match self.meant().find(|(part, _)| name.contains(part)) {
            Some((part, _)) => drop(self.used.insert(part)),
            None => self.found.push(format!("{name}\n  {theirs}\n  {ours}")),
        }
    }

    /// Fails when there is a difference that is not meant, or one that is meant is gone.
    pub(crate) fn check(&self) {
        let gone: Vec<_> = self
            .meant()
            .filter(|(part, _)| !self.used.contains(part))
            .collect();
        assert!(self.found.is_empty(), "{}", self.found.join("\n\n"));
        assert!(gone.is_empty(), "no difference any more: {gone:?}");
    }
}

/// Without what differs from one call to the next, and without sentences for people.
fn comparable(came: &Came) -> Came {
    let mut came = came.clone();
    scrub(&mut came.body);
    if let Some(Value::Array(keys)) = came.body.get_mut("xcom_keys_to_clear") {
        // Airflow gives them in the order in which the database found them.
        keys.sort_by_key(Value::to_string);
    }
    if let Some(message) = came.body.pointer_mut("/detail/message") {
        *message = Value::String("a sentence".to_owned());
    }
    came
}

fn comparable_rows(rows: &[Value]) -> Vec<Value> {
    let mut rows = rows.to_vec();
    for cell in rows.iter_mut().filter_map(Value::as_array_mut).flatten() {
        read_json(cell);
        scrub(cell);
    }
    rows
}

/// JSON text is written with other spaces. A JSON null and none at all read alike.
fn read_json(cell: &mut Value) {
    let Some(text) = cell.as_str() else {
        return;
    };
    if text == "null" || text.starts_with(['{', '[']) {
        *cell = serde_json::from_str(text).unwrap_or_else(|_| cell.clone());
    }
}

/// Puts a word in the place of every time of today.
fn scrub(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(scrub),
        Value::Object(map) => map.values_mut().for_each(scrub),
        Value::String(text) if is_now(text) => "now".clone_into(text),
        _ => {}
    }
}

/// `2026-01-01T00:00:00.5Z`, or as it stands in SQLite: `2026-01-01 00:00:00.500000`.
fn is_now(text: &str) -> bool {
    let with_zone = format!("{}Z", text.trim_end_matches('Z').replacen(' ', "T", 1));
    let Ok(time) = with_zone.parse::<Timestamp>() else {
        return false;
    };
    Timestamp::now().duration_since(time).abs() < SignedDuration::from_hours(1)
}
