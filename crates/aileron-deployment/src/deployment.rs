//! One interface over all ways.

use crate::xcom::{self, DagRuns, RunQuery, XComQuery, XComs};
use crate::{Database, Exec, Failure, Kubectl, Limits, RestApi};

/// Why an object storage is not read.
const NO_PROBE: &str =
    "--resolve reads an object storage where Airflow runs, which takes a probe: kubectl, or --exec";

/// A deployment, by one of the ways to it.
#[derive(Debug, Clone)]
pub enum Deployment {
    /// A probe in the pod of a scheduler.
    Kubectl(Kubectl),
    /// A probe through another command.
    Exec(Exec),
    /// The metadata database itself.
    Database(Database),
    /// Airflow's REST API.
    RestApi(RestApi),
}

impl Deployment {
    /// The command that leads to a Python there, for a [`Probe`](crate::Probe); `None` where no probe can run.
    ///
    /// # Errors
    /// Those of finding the pod.
    pub async fn exec(&self, limits: &Limits) -> Result<Option<Exec>, Failure> {
        match self {
            Self::Kubectl(kubectl) => kubectl.exec(limits).await.map(Some),
            Self::Exec(exec) => Ok(Some(exec.clone())),
            Self::Database(_) | Self::RestApi(_) => Ok(None),
        }
    }

    /// With the pod found, so that it is looked up once.
    ///
    /// # Errors
    /// Those of finding the pod.
    pub async fn located(self, limits: &Limits) -> Result<Self, Failure> {
        match self {
            Self::Kubectl(kubectl) => kubectl.exec(limits).await.map(Self::Exec),
            other => Ok(other),
        }
    }

    /// How it is named to a person. No user, no password.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Kubectl(_) => "the scheduler's pod".to_owned(),
            Self::Exec(exec) => exec.place().to_owned(),
            Self::Database(database) => database.name().to_owned(),
            Self::RestApi(api) => api.name().to_owned(),
        }
    }

    /// The XComs of a run, the newest first. No XComs are no failure.
    ///
    /// # Errors
    /// Each [`Failure`] of the way; those that show later come from the stream.
    pub async fn xcoms(&self, query: &XComQuery, limits: &Limits) -> Result<XComs, Failure> {
        match self {
            Self::Kubectl(kubectl) => {
                let exec = kubectl.exec(limits).await?;
                xcom::by_probe::xcoms(&exec, query, limits).await
            }
            Self::Exec(exec) => xcom::by_probe::xcoms(exec, query, limits).await,
            _ if query.resolve => Err(Failure::Setting(NO_PROBE.to_owned())),
            Self::Database(database) => database.xcoms(query, limits).await,
            Self::RestApi(api) => Ok(api.xcoms(query)),
        }
    }

    /// The runs of a Dag, the newest first. No runs are no failure.
    ///
    /// # Errors
    /// Each [`Failure`] of the way; those that show later come from the stream.
    pub async fn runs(&self, query: &RunQuery, limits: &Limits) -> Result<DagRuns, Failure> {
        match self {
            Self::Kubectl(kubectl) => {
                let exec = kubectl.exec(limits).await?;
                xcom::by_probe::runs(&exec, query, limits).await
            }
            Self::Exec(exec) => xcom::by_probe::runs(exec, query, limits).await,
            Self::Database(database) => database.runs(query, limits).await,
            Self::RestApi(api) => Ok(api.runs(query)),
        }
    }
}
