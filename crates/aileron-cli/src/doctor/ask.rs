//! Asking an Airflow what its settings are.

use std::collections::BTreeMap;
use std::path::PathBuf;

use aileron_config::Config;
use aileron_deployment::{Connection, Exec, Failure, Limits, Probe};
use aileron_metastore::FernetKeys;
use aileron_metastore::inventory::retries_of;
use serde::Deserialize;
use serde_json::{Value, json};

use super::facts::{DagFacts, Facts, Resolved, Secret, Source};
use super::setting::SETTINGS;

/// What an Airflow is asked with.
const PROBE: Probe = Probe::new(include_str!("probe.py"));

/// What the probe says.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Answer {
    Airflow {
        version: String,
        python: String,
        config: Option<String>,
        providers: BTreeMap<String, String>,
    },
    Note {
        text: String,
    },
    Option {
        section: String,
        key: String,
        source: Option<String>,
        #[serde(default)]
        value: Option<String>,
        #[serde(default)]
        secret: Option<Secret>,
        #[serde(default)]
        problem: Option<String>,
    },
    Dag {
        dag_id: String,
        data: Value,
    },
}

/// Asks the Airflow at the end of a command. With `dags`, the retries of its Dags too.
pub(super) async fn airflow(exec: &Exec, dags: bool, limits: Limits) -> Result<Facts, Failure> {
    let options: Vec<Value> = SETTINGS
        .iter()
        .map(|setting| json!({"section": setting.section, "key": setting.key, "secret": setting.secret}))
        .collect();
    let limits = Limits {
        // Where Airflow's own configuration is asked anyhow, it may say where the database is.
        connection: Connection::Airflow,
        ..limits
    };
    let request = json!({"options": options, "dags": dags});
    let mut rows = exec.run(&PROBE, &request, &limits).await?;
    let mut facts = Facts::new(Source::Airflow(exec.place().to_owned()));
    facts.dags = dags.then(Vec::new);
    while let Some(row) = rows.next().await? {
        take(&mut facts, row.read()?);
    }
    Ok(facts)
}

fn take(facts: &mut Facts, answer: Answer) {
    match answer {
        Answer::Airflow {
            version,
            python,
            config,
            providers,
        } => {
            facts.airflow = Some(version);
            facts.python = Some(python);
            facts.config = config;
            facts.providers = providers;
        }
        Answer::Note { text } => facts.notes.push(text),
        Answer::Option {
            section,
            key,
            source,
            value,
            secret,
            problem,
        } => {
            let known = SETTINGS
                .iter()
                .find(|setting| setting.section == section && setting.key == key);
            if let Some(setting) = known {
                let resolved = Resolved {
                    value,
                    secret,
                    source,
                    problem,
                };
                facts
                    .settings
                    .insert((setting.section, setting.key), resolved);
            }
        }
        Answer::Dag { dag_id, data } => {
            let tasks = retries_of(&data);
            facts
                .dags
                .get_or_insert_default()
                .push(DagFacts { dag_id, tasks });
        }
    }
}

/// Reads the environment and `airflow.cfg` of this machine, without an Airflow.
pub(super) fn files() -> Facts {
    let config = Config::from_env();
    let mut facts = Facts::new(Source::Files);
    let path = config.path().filter(|path| path.is_file());
    facts.config = path.map(|path| path.display().to_string());
    for setting in SETTINGS {
        let mut resolved = Resolved::default();
        match config.get(setting.section, setting.key) {
            Ok(Some(value)) if setting.secret => {
                let fernet =
                    (setting.key == "fernet_key").then(|| FernetKeys::parse(&value).is_ok());
                let bytes = value.len();
                resolved.secret = (bytes > 0).then_some(Secret { bytes, fernet });
                resolved.source = Some(source(setting.section, setting.key));
            }
            Ok(Some(value)) => {
                resolved.value = Some(value);
                resolved.source = Some(source(setting.section, setting.key));
            }
            // Which version it is, nobody knows; the oldest that has all of them is taken.
            Ok(None) => resolved.value = setting.default(None).map(str::to_owned),
            Err(error) => resolved.problem = Some(error.to_string()),
        }
        facts
            .settings
            .insert((setting.section, setting.key), resolved);
    }
    facts
}

fn source(section: &str, key: &str) -> String {
    let section = section.replace('.', "_").to_uppercase();
    let variable = format!("AIRFLOW__{section}__{}", key.to_uppercase());
    match std::env::var_os(&variable) {
        Some(_) => variable,
        None => "airflow.cfg".to_owned(),
    }
}

/// The Python beside the `airflow` on the path.
pub(super) fn python_of_airflow() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .filter(|directory| directory.join("airflow").is_file())
        .map(|directory| directory.join("python3"))
        .find(|python| python.is_file())
}
