//! From settings to a way.

use std::path::Path;
use std::time::Duration;

use aileron_client::TlsSettings;
use aileron_deployment::{
    Connection, Database, Deployment, Exec, Kubectl, Limits, Login, Pod, RestApi,
};
use aileron_local::Home;

use super::DeploymentArguments;
use super::file;
use super::layer::{Layer, Named};

/// A deployment that was chosen.
#[derive(Debug)]
pub(crate) struct Reached {
    /// The deployment.
    pub(crate) deployment: Deployment,
    /// What holds for its probes.
    pub(crate) limits: Limits,
}

impl DeploymentArguments {
    /// Whether the command line names a way.
    pub(crate) fn is_named(&self) -> anyhow::Result<bool> {
        Ok(self.deployment.is_some() || self.layer(None).way()?.is_some())
    }

    /// The deployment that flags, environment and files name; `database` is the value of --db.
    ///
    /// The first place that names a way decides. When none does, it is the store of `aileron run` where there is one in this
    /// directory, and otherwise the scheduler's pod of the current context.
    pub(crate) fn reach(&self, database: Option<String>) -> anyhow::Result<Reached> {
        let variable = |name: &str| std::env::var(name).ok();
        let name = self
            .deployment
            .clone()
            .or_else(|| variable("AILERON_DEPLOYMENT").filter(|name| !name.is_empty()));
        let mut layers = vec![self.layer(database), Layer::of_environment(variable)?];
        layers.extend(file::layers(name.as_deref())?);
        let mut way = None;
        for layer in &layers {
            way = way.or(layer.way()?);
        }
        let settings = layers
            .into_iter()
            .rev()
            .reduce(|lower, layer| layer.over(lower))
            .unwrap_or_default();
        let limits = limits(&settings);
        let store = Path::new(Home::NAME).join(Home::DATABASE);
        let deployment = match way {
            Some(Named::Exec(command)) => Deployment::Exec(Exec::parse(&command)?),
            Some(Named::Database(place)) if place.contains("://") => {
                Deployment::Database(Database::url(&place)?)
            }
            Some(Named::Database(path)) => Deployment::Database(Database::file(Path::new(&path))?),
            Some(Named::Api(url)) => Deployment::RestApi(rest_api(&url)?),
            None if store.is_file() => Deployment::Database(Database::file(&store)?),
            Some(Named::Kubectl) | None => Deployment::Kubectl(kubectl(settings)),
        };
        Ok(Reached { deployment, limits })
    }
}

/// The REST API at this URL, with the token that the environment has.
pub(crate) fn rest_api(url: &str) -> anyhow::Result<RestApi> {
    let variable = |name: &str| std::env::var(name).ok();
    Ok(RestApi::new(url, login(variable), &tls(variable))?)
}

fn limits(settings: &Layer) -> Limits {
    let seconds = |given: Option<u64>, default| given.map_or(default, Duration::from_secs);
    let default = Limits::default();
    Limits {
        silence: seconds(settings.timeout, default.silence),
        statement: seconds(settings.statement_timeout, default.statement),
        connection: settings
            .connection
            .map_or(default.connection, Connection::from),
    }
}

fn kubectl(settings: Layer) -> Kubectl {
    let default = Kubectl::default();
    Kubectl {
        program: settings.kubectl.unwrap_or(default.program),
        context: settings.context,
        namespace: settings.namespace,
        selector: settings.selector.unwrap_or(default.selector),
        container: settings.container.unwrap_or(default.container),
        pod: match (settings.pod, settings.any_pod) {
            (Some(name), _) => Pod::Named(name),
            (None, Some(true)) => Pod::Any,
            (None, _) => Pod::Only,
        },
    }
}

fn tls(variable: impl Fn(&str) -> Option<String>) -> TlsSettings {
    let file = variable("AILERON_API_CA_FILE").filter(|path| !path.is_empty());
    TlsSettings {
        ca_file: file.map(Into::into),
        ..TlsSettings::default()
    }
}

/// Secrets come from the environment, where `ps` does not show them.
fn login(variable: impl Fn(&str) -> Option<String>) -> Login {
    let text = |name| variable(name).filter(|value| !value.is_empty());
    if let Some(token) = text("AILERON_API_TOKEN") {
        return Login::Token(token);
    }
    match (text("AILERON_API_USER"), text("AILERON_API_PASSWORD")) {
        (Some(user), Some(password)) => Login::Basic { user, password },
        _ => Login::Nobody,
    }
}
