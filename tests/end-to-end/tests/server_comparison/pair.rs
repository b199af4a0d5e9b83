//! Two servers on copies of one database.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aileron_config::Config;
use aileron_execution_api::{Callbacks, ConnectionTests, ExecutionApi};
use aileron_metastore::{EnvironmentSecrets, Metastore, Settings};
use aileron_server::auth::{Auth, AuthSettings, Scope};
use aileron_server::{ApiVersion, RouterSettings, Store, router};
use end_to_end::{AirflowVersion, ExecutionApiServer};
use futures_util::future::join_all;
use serde_json::Value;
use uuid::Uuid;

use super::asked::{Asked, Content, Who};
use super::differences::Differences;
use super::place::{Copy, Place};

/// Airflow's server and ours.
pub(crate) struct Pair {
    client: reqwest::Client,
    theirs: Side,
    ours: Side,
    ids: BTreeMap<String, String>,
    settings: AuthSettings,
    version: AirflowVersion,
    /// The database of ours goes with it.
    _copy: Copy,
}

struct Side {
    url: String,
    database: Place,
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Came {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<&'static str, String>,
    pub(crate) body: Value,
}

/// The headers that a client looks at.
const HEADERS: [&str; 6] = [
    "content-type",
    "allow",
    "content-range",
    "airflow-api-version",
    "correlation-id",
    "refreshed-api-token",
];

impl Pair {
    pub(crate) async fn of(
        version: AirflowVersion,
        airflow: &ExecutionApiServer,
        ids: &BTreeMap<String, String>,
        environment: &[(&str, &str)],
    ) -> Self {
        // The client wants to know what it would encrypt with, though it does not.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let copy = Copy::of(version, airflow);
        let database = copy.place();
        let settings = AuthSettings::with_secret(airflow.jwt_secret());
        let url = serve(
            version,
            &database,
            airflow.fernet_key(),
            &settings,
            environment,
        )
        .await;
        Self {
            client: reqwest::Client::builder()
                // Airflow closes a connection after a 500 without saying so.
                .pool_max_idle_per_host(0)
                .redirect(reqwest::redirect::Policy::none())
                .timeout(Duration::from_secs(30))
                .build()
                .unwrap(),
            theirs: Side {
                url: airflow.url().trim_end_matches('/').to_owned(),
                database: Place::of(airflow),
            },
            ours: Side { url, database },
            ids: ids.clone(),
            settings,
            version,
            _copy: copy,
        }
    }

    /// The answers of Airflow and of ours.
    pub(crate) async fn ask(&self, asked: &Asked) -> (Came, Came) {
        (
            self.send(&self.theirs, asked).await,
            self.send(&self.ours, asked).await,
        )
    }

    async fn send(&self, side: &Side, asked: &Asked) -> Came {
        let path = self.filled(&asked.path);
        let method = asked.method.parse().unwrap();
        let mut request = self.client.request(method, format!("{}{path}", side.url));
        if let Some(token) = self.token(&asked.who) {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in &asked.headers {
            request = request.header(*name, value);
        }
        request = match &asked.body {
            Content::Nothing => request,
            Content::Json(value) => request
                .header("content-type", "application/json")
                .body(self.filled(&value.to_string())),
            Content::Text(kind, text) => request.header("content-type", *kind).body(text.clone()),
        };
        let answer = request
            .send()
            .await
            .unwrap_or_else(|error| panic!("{asked:?}: {error}"));
        let header = |name| {
            let value = answer.headers().get(name)?.to_str().ok()?;
            // Two tokens are never the same.
            let value = if name == "refreshed-api-token" {
                "a token"
            } else {
                value
            };
            Some((name, value.to_owned()))
        };
        Came {
            status: answer.status().as_u16(),
            headers: HEADERS.into_iter().filter_map(header).collect(),
            body: {
                let text = answer.text().await.unwrap();
                serde_json::from_str(&text).unwrap_or(Value::String(text))
            },
        }
    }

    fn filled(&self, text: &str) -> String {
        let ids = self.ids.iter();
        ids.fold(text.to_owned(), |text, (task, id)| {
            text.replace(&format!("{{{task}}}"), id)
        })
    }

    fn token(&self, who: &Who) -> Option<String> {
        let issue = |settings: &AuthSettings, id, scope| {
            Some(Auth::new(settings).unwrap().issue(id, scope).unwrap())
        };
        let id = |task: &str| self.ids[task].parse().unwrap();
        match who {
            Who::Task(task) => issue(&self.settings, id(task), Scope::Execution),
            Who::Workload(task) => issue(&self.settings, id(task), Scope::Workload),
            Who::Callback(callback) => issue(&self.settings, id(callback), Scope::Callback),
            Who::Stranger => issue(&self.settings, Uuid::from_u128(7), Scope::Execution),
            Who::Ending(seconds) => {
                let settings = AuthSettings {
                    valid_for: Duration::from_secs(*seconds),
                    ..self.settings.clone()
                };
                issue(&settings, id("one"), Scope::Execution)
            }
            Who::Text(text) => Some((*text).to_owned()),
            Who::Nobody => None,
        }
    }

    /// The answers to requests that come at the same time: those of Airflow and of ours, in an order of their own.
    pub(crate) async fn ask_at_once(&self, asked: &[Asked]) -> (Vec<Came>, Vec<Came>) {
        let all = async |side: &Side| {
            let mut came = join_all(asked.iter().map(|asked| self.send(side, asked))).await;
            came.sort_by_key(|came| (came.status, came.body.to_string()));
            came
        };
        (all(&self.theirs).await, all(&self.ours).await)
    }

    /// Compares the rows of these queries on both databases.
    pub(crate) fn compare_rows(&self, queries: &[&str], differences: &mut Differences) {
        let of = |side: &Side| side.database.rows(self.version, queries);
        let (theirs, ours) = (of(&self.theirs), of(&self.ours));
        for (query, (theirs, ours)) in queries.iter().zip(theirs.iter().zip(&ours)) {
            differences.note_table(query, theirs, ours);
        }
    }
}

struct Ours(Metastore);

impl Store for Ours {
    fn task(&self, ti_id: Uuid) -> Arc<dyn ExecutionApi> {
        Arc::new(self.0.task(ti_id))
    }

    fn connection_tests(&self) -> Option<Arc<dyn ConnectionTests>> {
        Some(Arc::new(self.0.connection_tests()))
    }

    fn callbacks(&self) -> Option<Arc<dyn Callbacks>> {
        Some(Arc::new(self.0.callbacks()))
    }
}

/// Serves a database until the test ends.
async fn serve(
    version: AirflowVersion,
    database: &Place,
    fernet_key: &str,
    auth: &AuthSettings,
    environment: &[(&str, &str)],
) -> String {
    let key = ("AIRFLOW__CORE__FERNET_KEY", fernet_key);
    let config = Config::with_environment(environment.iter().copied().chain([key]));
    let mut settings = Settings::of(&config).unwrap();
    let shop = ("AIRFLOW_CONN_SHOP", "postgres://ada:hunter2@db:5432/shop");
    let variables = environment.iter().copied().chain([shop]);
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    settings.secrets = EnvironmentSecrets::of(variables);
    let metastore = database.metastore().await;
    let metastore = metastore.with_settings(settings);
    let mut settings = RouterSettings::new(Auth::new(auth).unwrap());
    settings.newest = match version {
        AirflowVersion::V3_3_2 => ApiVersion::AIRFLOW_3_3,
        AirflowVersion::V3_4_0b2 => ApiVersion::AIRFLOW_3_4,
    };
    let routes = router(Arc::new(Ours(metastore)), settings);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://{address}/execution")
}
