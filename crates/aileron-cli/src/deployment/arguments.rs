//! The flags.

use aileron_deployment::Connection;
use clap::ValueEnum;

use super::layer::Layer;

/// Which live deployment, and by which way.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Deployment")]
pub(crate) struct DeploymentArguments {
    /// The Kubernetes namespace of the scheduler's pod. [default: that of the context]
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    /// The label selector of the scheduler's pod. [default: component=scheduler]
    #[arg(long, value_name = "LABELS")]
    selector: Option<String>,
    /// The container in the pod. [default: scheduler]
    #[arg(long, value_name = "NAME")]
    container: Option<String>,
    /// The pod; none is looked up.
    #[arg(long, value_name = "NAME")]
    pod: Option<String>,
    /// Take the first pod when several run: replicas of a scheduler see the same database.
    #[arg(long, conflicts_with = "pod")]
    any_pod: bool,
    /// The context of the kubeconfig. [default: the current one]
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Another command that leads to where Airflow runs: `docker exec -i NAME`, `ssh HOST`, or `python3` for this machine.
    ///
    /// `python3 -` is added, unless it ends with a Python of its own.
    #[arg(long, value_name = "COMMAND")]
    exec: Option<String>,
    /// Airflow's REST API: the URL of its server. The token is read from AILERON_API_TOKEN.
    #[arg(long, value_name = "URL")]
    api_url: Option<String>,
    /// Who tells the probe where the database is. [default: environment]
    #[arg(long, value_name = "WHO", value_enum)]
    connection: Option<Teller>,
    /// How long to wait for the next line, in seconds. [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: Option<u64>,
    /// How long the database may work on the statement, in seconds; it is ended then. [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    statement_timeout: Option<u64>,
    /// The section [deployments.NAME] of the configuration, in place of [deployment].
    #[arg(long, value_name = "NAME")]
    pub(super) deployment: Option<String>,
}

/// Who tells a probe where the database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Teller {
    /// The environment of the pod: AIRFLOW__DATABASE__SQL_ALCHEMY_CONN or AIRFLOW__CORE__SQL_ALCHEMY_CONN, or their _CMD.
    Environment,
    /// The Airflow in the pod, which knows airflow.cfg and secrets backends. It takes seconds longer.
    Airflow,
}

impl From<Teller> for Connection {
    fn from(teller: Teller) -> Self {
        match teller {
            Teller::Environment => Self::Environment,
            Teller::Airflow => Self::Airflow,
        }
    }
}

impl DeploymentArguments {
    /// What the flags say; `database` is the value of --db.
    pub(super) fn layer(&self, database: Option<String>) -> Layer {
        let this = self.clone();
        Layer {
            origin: "the command line".to_owned(),
            namespace: this.namespace,
            selector: this.selector,
            container: this.container,
            pod: this.pod,
            any_pod: this.any_pod.then_some(true),
            context: this.context,
            kubectl: None,
            exec: this.exec,
            database,
            api_url: this.api_url,
            connection: this.connection,
            timeout: this.timeout,
            statement_timeout: this.statement_timeout,
        }
    }
}
