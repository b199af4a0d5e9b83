//! Settings from one place, and the places above each other.

use serde::Deserialize;

use super::arguments::Teller;
use crate::outcome::UsageError;

/// What one place says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Layer {
    /// The place, in words.
    #[serde(skip)]
    pub(super) origin: String,
    pub(super) namespace: Option<String>,
    pub(super) selector: Option<String>,
    pub(super) container: Option<String>,
    pub(super) pod: Option<String>,
    pub(super) any_pod: Option<bool>,
    pub(super) context: Option<String>,
    pub(super) kubectl: Option<String>,
    pub(super) exec: Option<String>,
    pub(super) database: Option<String>,
    pub(super) api_url: Option<String>,
    pub(super) connection: Option<Teller>,
    pub(super) timeout: Option<u64>,
    pub(super) statement_timeout: Option<u64>,
}

/// A way that a place names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    Kubectl,
    Exec(String),
    Database(String),
    Api(String),
}

impl Layer {
    /// What the environment says: each flag in capitals, after `AILERON_`. The database is `AILERON_DB`.
    pub(super) fn of_environment(
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, UsageError> {
        let text =
            |name: &str| variable(&format!("AILERON_{name}")).filter(|value| !value.is_empty());
        let seconds = |name: &str| match text(name) {
            None => Ok(None),
            Some(value) => match value.parse() {
                Ok(seconds @ 1..) => Ok(Some(seconds)),
                _ => Err(UsageError(format!(
                    "AILERON_{name} is {value:?}, which is no number of seconds"
                ))),
            },
        };
        let yes = |name: &str| match text(name).as_deref() {
            None => Ok(None),
            Some("1" | "true") => Ok(Some(true)),
            Some("0" | "false") => Ok(Some(false)),
            Some(other) => Err(UsageError(format!(
                "AILERON_{name} is {other:?}; it is true or false"
            ))),
        };
        let connection = match text("CONNECTION").as_deref() {
            None => None,
            Some("environment") => Some(Teller::Environment),
            Some("airflow") => Some(Teller::Airflow),
            Some(other) => {
                return Err(UsageError(format!(
                    "AILERON_CONNECTION is {other:?}; it is environment or airflow"
                )));
            }
        };
        Ok(Self {
            origin: "the environment".to_owned(),
            namespace: text("NAMESPACE"),
            selector: text("SELECTOR"),
            container: text("CONTAINER"),
            pod: text("POD"),
            any_pod: yes("ANY_POD")?,
            context: text("CONTEXT"),
            kubectl: text("KUBECTL"),
            exec: text("EXEC"),
            database: text("DB"),
            api_url: text("API_URL"),
            connection,
            timeout: seconds("TIMEOUT")?,
            statement_timeout: seconds("STATEMENT_TIMEOUT")?,
        })
    }

    /// The way that this place names, if it names one.
    pub(super) fn way(&self) -> Result<Option<Named>, UsageError> {
        let kubectl = [
            &self.namespace,
            &self.selector,
            &self.container,
            &self.pod,
            &self.context,
        ];
        let kubectl = kubectl.iter().any(|value| value.is_some()) || self.any_pod == Some(true);
        let mut ways = [
            kubectl.then_some(("kubectl", Named::Kubectl)),
            self.exec
                .clone()
                .map(|command| ("--exec", Named::Exec(command))),
            self.database
                .clone()
                .map(|database| ("--db", Named::Database(database))),
            self.api_url
                .clone()
                .map(|url| ("--api-url", Named::Api(url))),
        ]
        .into_iter()
        .flatten();
        let Some((first, way)) = ways.next() else {
            return Ok(None);
        };
        match ways.next() {
            None => Ok(Some(way)),
            Some((second, _)) => Err(UsageError(format!(
                "{} names two ways to a deployment, {first} and {second}; one is enough",
                self.origin
            ))),
        }
    }

    /// What the lower place says where this one says nothing.
    pub(super) fn over(self, lower: Self) -> Self {
        // Who names a pod does not want any other.
        let any_pod = match self.pod {
            Some(_) => Some(false),
            None => self.any_pod.or(lower.any_pod),
        };
        let pod = match self.any_pod {
            Some(true) => None,
            _ => self.pod.or(lower.pod),
        };
        Self {
            origin: self.origin,
            namespace: self.namespace.or(lower.namespace),
            selector: self.selector.or(lower.selector),
            container: self.container.or(lower.container),
            pod,
            any_pod,
            context: self.context.or(lower.context),
            kubectl: self.kubectl.or(lower.kubectl),
            exec: self.exec.or(lower.exec),
            database: self.database.or(lower.database),
            api_url: self.api_url.or(lower.api_url),
            connection: self.connection.or(lower.connection),
            timeout: self.timeout.or(lower.timeout),
            statement_timeout: self.statement_timeout.or(lower.statement_timeout),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(pairs: &[(&str, &str)]) -> Result<Layer, UsageError> {
        Layer::of_environment(|name| {
            let pair = pairs.iter().find(|(key, _)| *key == name)?;
            Some(pair.1.to_owned())
        })
    }

    #[test]
    fn a_place_names_one_way_at_most() {
        assert_eq!(layer(&[]).unwrap().way().unwrap(), None);
        assert_eq!(layer(&[("AILERON_EXEC", "")]).unwrap().way().unwrap(), None);
        for name in [
            "AILERON_NAMESPACE",
            "AILERON_SELECTOR",
            "AILERON_CONTAINER",
            "AILERON_POD",
            "AILERON_CONTEXT",
        ] {
            assert_eq!(
                layer(&[(name, "x")]).unwrap().way().unwrap(),
                Some(Named::Kubectl),
                "{name}"
            );
        }
        assert_eq!(
            layer(&[("AILERON_DB", "x")]).unwrap().way().unwrap(),
            Some(Named::Database("x".to_owned()))
        );
        let error = layer(&[("AILERON_EXEC", "x"), ("AILERON_POD", "y")])
            .unwrap()
            .way()
            .unwrap_err();
        assert_eq!(
            error.0,
            "the environment names two ways to a deployment, kubectl and --exec; one is enough"
        );
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        for (name, value) in [
            ("AILERON_TIMEOUT", "0"),
            ("AILERON_STATEMENT_TIMEOUT", "5s"),
            ("AILERON_ANY_POD", "yes"),
            ("AILERON_CONNECTION", "x"),
        ] {
            let error = layer(&[(name, value)]).unwrap_err().0;
            assert!(error.contains(name) && error.contains(value), "{error}");
        }
    }

    #[test]
    fn a_pod_and_any_pod_exclude_each_other_across_places() {
        let named = layer(&[("AILERON_POD", "p")]).unwrap();
        let any = layer(&[("AILERON_ANY_POD", "true")]).unwrap();
        let merged = named.clone().over(any.clone());
        assert_eq!(
            (merged.pod.as_deref(), merged.any_pod),
            (Some("p"), Some(false))
        );
        let merged = any.over(named);
        assert_eq!((merged.pod, merged.any_pod), (None, Some(true)));
    }
}
