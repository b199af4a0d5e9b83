//! Having Airflow run tasks again, through its REST API.

use std::collections::BTreeSet;
use std::time::Duration;

use aileron_client::TlsSettings;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};

/// How long a server may take to answer: clearing takes locks.
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);

/// The REST API of an Airflow 3, as far as tasks are cleared with it.
pub struct Clearing {
    http: reqwest::Client,
    base: Url,
    token: Option<String>,
}

/// Why tasks were not cleared.
#[derive(Debug, thiserror::Error)]
pub enum ClearError {
    /// The URL or what it takes to connect.
    #[error("the URL of Airflow's API server: {0}")]
    Setting(String),
    /// Nobody answers.
    #[error("Airflow's API server does not answer: {0}")]
    Away(String),
    /// It refuses.
    #[error("Airflow refuses to clear run {run_id} of Dag {dag_id} with status {status}: {said}")]
    Refused {
        /// The Dag.
        dag_id: String,
        /// The run.
        run_id: String,
        /// The HTTP status.
        status: u16,
        /// What it says.
        said: String,
    },
}

impl Clearing {
    /// `url` is what stands before `/api/v2`. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ClearError::Setting`].
    pub fn new(url: &str, token: Option<String>, tls: &TlsSettings) -> Result<Self, ClearError> {
        let setting = |problem: String| ClearError::Setting(problem);
        let mut base = Url::parse(url).map_err(|error| setting(error.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(setting("it must begin with http:// or https://".to_owned()));
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let tls = tls
            .client_config(base.scheme() == "https")
            .map_err(|error| setting(error.to_string()))?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .timeout(ANSWERS_WITHIN)
            .user_agent(concat!("aileron/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| setting(error.without_url().to_string()))?;
        Ok(Self { http, base, token })
    }

    /// Clears these task instances of a run (task and map index) and all that comes after them, and says how many were cleared.
    ///
    /// # Errors
    ///
    /// [`ClearError`].
    pub async fn clear(
        &self,
        dag_id: &str,
        run_id: &str,
        instances: &BTreeSet<(&str, i64)>,
    ) -> Result<u64, ClearError> {
        let tasks: Vec<Value> = instances
            .iter()
            .map(|(task, index)| match index {
                -1 => json!(task),
                index => json!([task, index]),
            })
            .collect();
        let body = json!({
            "dry_run": false, "dag_run_id": run_id, "task_ids": tasks, "only_failed": false, "include_downstream": true,
            "reset_dag_runs": true, "note": "cleared by aileron xcom rollback: an offloaded XCom could not be brought back",
        });
        let mut url = self.base.clone();
        url.path_segments_mut()
            .expect("an http URL has a path")
            .pop_if_empty()
            .extend(["api", "v2", "dags", dag_id, "clearTaskInstances"]);
        let mut request = self
            .http
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_string());
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let away = |error: reqwest::Error| ClearError::Away(error.without_url().to_string());
        let answer = request.send().await.map_err(away)?;
        let status = answer.status();
        let said = answer.text().await.map_err(away)?;
        if !status.is_success() {
            return Err(ClearError::Refused {
                dag_id: dag_id.to_owned(),
                run_id: run_id.to_owned(),
                status: status.as_u16(),
                said: said.chars().take(300).collect(),
            });
        }
        let document: Value = serde_json::from_str(&said).unwrap_or_default();
        Ok(document["total_entries"].as_u64().unwrap_or_default())
    }
}

/// Shows no token.
impl std::fmt::Debug for Clearing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clearing")
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
    }
}
