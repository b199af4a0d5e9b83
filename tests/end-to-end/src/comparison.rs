//! Airflow's own Execution API beside ours, each on its copy of one database.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use aileron_client::{ApiToken, Client, ClientSettings, RetryPolicy};
use aileron_config::Config;
use aileron_execution_api::{ApiError, ExecutionApi};
use aileron_metastore::database::Missing;
use aileron_metastore::{Metastore, Settings};
use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{AirflowVersion, workspace_root};

/// Airflow's Execution API and ours. `python/comparison.py` says what is in their databases.
///
/// The Python process ends with the value.
pub struct Comparison {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    ready: Ready,
    store: Metastore,
    settings: Settings,
    copy: PathBuf,
    differences: Vec<String>,
    // Removed after the process has ended.
    _home: tempfile::TempDir,
}

#[derive(Debug, Deserialize)]
struct Ready {
    port: u16,
    database: PathBuf,
    /// Ids by run, task and map index.
    task_instances: BTreeMap<String, BTreeMap<String, BTreeMap<String, Uuid>>>,
}

/// What an Execution API said.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum Answer {
    /// It did it.
    Done(Value),
    /// It refused, with this status and these details.
    Refused(Option<u16>, Value),
}

impl Answer {
    /// The status of a refusal, and the `reason` in its details.
    pub fn refusal(&self) -> Option<(Option<u16>, Option<&str>)> {
        match self {
            Self::Done(_) => None,
            Self::Refused(status, detail) => Some((*status, detail["reason"].as_str())),
        }
    }

    /// A refusal without its sentences for people, which each says in its own words.
    fn without_sentences(&self) -> Self {
        let mut answer = self.clone();
        if let Self::Refused(_, detail) = &mut answer {
            match detail {
                Value::Object(details) => {
                    // What the database said is hidden by Airflow, and not said by ours.
                    for name in ["message", "statement", "orig_error"] {
                        details.remove(name);
                    }
                }
                Value::String(_) => *detail = json!("a sentence"),
                _ => {}
            }
        }
        answer
    }
}

impl Comparison {
    /// Makes both databases and starts Airflow's server.
    ///
    /// # Errors
    /// When the server does not start; it says why on standard error.
    pub async fn start(version: AirflowVersion) -> Result<Self> {
        let home = tempfile::tempdir()?;
        let database = home.path().join("airflow.db");
        Metastore::open(&database, Missing::Create)
            .await?
            .database()
            .close()
            .await;
        let fernet_key =
            URL_SAFE.encode([Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat());
        let copy = home.path().join("copy.db");
        let mut child = Command::new(version.python()?)
            .arg(workspace_root().join("tests/end-to-end/python/comparison.py"))
            .arg(&copy)
            .env_clear()
            .env("AIRFLOW_HOME", home.path())
            .env("HOME", home.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
            .env("AIRFLOW__CORE__FERNET_KEY", &fernet_key)
            .env("AIRFLOW__LOGGING__LOGGING_LEVEL", "ERROR")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let questions = child.stdin.take();
        let mut answers = BufReader::new(child.stdout.take().context("no standard output")?);
        let mut line = String::new();
        answers.read_line(&mut line)?;
        let ready = serde_json::from_str(&line).context("comparison.py did not start")?;
        let config = Config::with_environment([("AIRFLOW__CORE__FERNET_KEY", fernet_key)]);
        let store = Metastore::open(&copy, Missing::Fail).await?;
        let settings = Settings::of(&config)?;
        Ok(Self {
            child,
            questions,
            answers,
            ready,
            store: store.with_settings(settings.clone()),
            settings,
            copy,
            differences: Vec::new(),
            _home: home,
        })
    }

    /// Opens our database anew, for another runtime than the one it was opened on.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn reopen(&mut self) -> Result<()> {
        let store = Metastore::open(&self.copy, Missing::Fail).await?;
        self.store = store.with_settings(self.settings.clone());
        Ok(())
    }

    /// The id of a task instance. It is the same in both databases.
    pub fn id(&self, run_id: &str, task_id: &str, map_index: i64) -> Uuid {
        self.ready.task_instances[run_id][task_id][&map_index.to_string()]
    }

    /// Asks both for a task instance, and notes it when they do not say the same, but for sentences for people.
    ///
    /// # Errors
    /// When Airflow's server cannot be asked.
    pub async fn both<T: Serialize>(
        &mut self,
        what: &str,
        ti_id: Uuid,
        ask: impl AsyncFn(&dyn ExecutionApi) -> Result<T, ApiError>,
    ) -> Result<()> {
        let (theirs, ours) = self.ask(ti_id, ask).await?;
        self.note(what, &theirs.without_sentences(), &ours.without_sentences());
        Ok(())
    }

    /// As [`both`](Self::both), with the sentences.
    ///
    /// # Errors
    /// When Airflow's server cannot be asked.
    pub async fn word_for_word<T: Serialize>(
        &mut self,
        what: &str,
        ti_id: Uuid,
        ask: impl AsyncFn(&dyn ExecutionApi) -> Result<T, ApiError>,
    ) -> Result<()> {
        let (theirs, ours) = self.ask(ti_id, ask).await?;
        self.note(what, &theirs, &ours);
        Ok(())
    }

    fn note(&mut self, what: &str, theirs: &Answer, ours: &Answer) {
        if theirs != ours {
            let (theirs, ours) = (json!(theirs), json!(ours));
            self.differences
                .push(format!("{what}:\n  Airflow {theirs}\n  ours    {ours}"));
        }
    }

    /// Asks both. The first answer is Airflow's.
    pub async fn ask<T: Serialize>(
        &self,
        ti_id: Uuid,
        ask: impl AsyncFn(&dyn ExecutionApi) -> Result<T, ApiError>,
    ) -> Result<(Answer, Answer)> {
        let mut settings =
            ClientSettings::from_config(&Config::with_environment::<&str, &str>([]))?;
        settings.retries = RetryPolicy {
            attempts: 1,
            ..RetryPolicy::default()
        };
        settings.timeout = Duration::from_secs(60);
        let url = format!("http://127.0.0.1:{}/", self.ready.port);
        let client = Client::new(&url, ti_id, ApiToken::new(ti_id.to_string())?, &settings)?;
        let theirs = self.answer(ask(&client).await)?;
        let ours = self.answer(ask(&self.store.task(ti_id)).await)?;
        Ok((theirs, ours))
    }

    fn answer<T: Serialize>(&self, result: Result<T, ApiError>) -> Result<Answer> {
        Ok(match result {
            Ok(value) => Answer::Done(self.normal(serde_json::to_value(value)?)),
            Err(error) => Answer::Refused(error.status, *error.detail),
        })
    }

    /// Notes it when a query gives other rows in one database than in the other.
    ///
    /// # Errors
    /// When the query makes no sense.
    pub fn rows(&mut self, query: &str) -> Result<()> {
        let theirs = self.rows_of(&self.ready.database.clone(), query)?;
        let ours = self.rows_of(&self.copy.clone(), query)?;
        if theirs != ours {
            let listed = |rows: &[Value]| -> String {
                rows.iter().map(|row| format!("\n    {row}")).collect()
            };
            self.differences.push(format!(
                "{query}:\n  Airflow{}\n  ours{}",
                listed(&theirs),
                listed(&ours)
            ));
        }
        Ok(())
    }

    fn rows_of(&mut self, database: &std::path::Path, query: &str) -> Result<Vec<Value>> {
        let questions = self.questions.as_mut().context("it has ended")?;
        writeln!(
            questions,
            "{}",
            json!({"database": database, "query": query})
        )?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        let rows: Vec<Value> = serde_json::from_str(&line).with_context(|| query.to_owned())?;
        Ok(rows.into_iter().map(|row| self.normal(row)).collect())
    }

    /// Replaces what differs by its nature: times of now, new ids, what is encrypted. JSON in a column becomes what it says.
    fn normal(&self, value: Value) -> Value {
        match value {
            Value::Object(fields) => fields
                .into_iter()
                .map(|(name, value)| match name.as_str() {
                    // Who runs the test, which each asks the system in another way; `ada` is a worker's.
                    "unixname" if value != "ada" => (name, Value::Null),
                    "duration" => (name, duration(value)),
                    // Airflow writes JSON's null there, or nothing, as it comes, and reads both as nothing.
                    "next_kwargs" | "context_carrier" | "chosen_options" if value == "null" => {
                        (name, Value::Null)
                    }
                    _ => (name, self.normal(value)),
                })
                .collect(),
            Value::Array(items) => items.into_iter().map(|item| self.normal(item)).collect(),
            Value::String(text) => self.normal_text(text),
            other => other,
        }
    }

    fn normal_text(&self, text: String) -> Value {
        if is_now(&text) {
            return json!("<now>");
        }
        if text.starts_with("gAAAAA") {
            return json!("<encrypted>");
        }
        if text.starts_with("00-") && text.len() == 55 {
            return json!("<trace>");
        }
        if let Ok(id) = Uuid::try_parse(&text)
            && id.get_version_num() == 7
        {
            let runs = self.ready.task_instances.values();
            let mut known = runs.flat_map(|tasks| tasks.values().flat_map(BTreeMap::values));
            return match known.any(|known| *known == id) {
                true => json!(id.to_string()),
                false => json!("<id>"),
            };
        }
        if text.starts_with(['{', '['])
            && let Ok(value) = serde_json::from_str(&text)
        {
            return self.normal(value);
        }
        Value::String(text)
    }

    /// What was not the same, since the last time.
    pub fn differences(&mut self) -> Vec<String> {
        std::mem::take(&mut self.differences)
    }
}

/// A duration in milliseconds; a long one ended now or began now.
fn duration(value: Value) -> Value {
    match value.as_f64() {
        Some(seconds) if seconds.abs() > 1e6 => json!("<until now>"),
        Some(seconds) => json!((seconds * 1000.0).round()),
        None => value,
    }
}

/// Whether it is a time of the last half hour, as a database or JSON has it.
fn is_now(text: &str) -> bool {
    let as_json = text.replacen(' ', "T", 1);
    let as_json = if as_json.ends_with('Z') {
        as_json
    } else {
        format!("{as_json}Z")
    };
    as_json.parse::<jiff::Timestamp>().is_ok_and(|time| {
        let age = jiff::Timestamp::now().duration_since(time);
        age.abs() < jiff::SignedDuration::from_mins(30)
    })
}

impl Drop for Comparison {
    fn drop(&mut self) {
        // It ends with its standard input; a request that hangs must not keep it.
        drop(self.questions.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
