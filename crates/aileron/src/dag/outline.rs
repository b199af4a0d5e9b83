//! The manifest of a bundle, from its Dags.

use std::time::Duration;

use aileron_bundle::manifest::{
    ArgOutline, ArgSource, AssetOutline, DagEntry, DagOutline, METADATA_VERSION, Manifest, Outline,
    Sdk, TaskOutline,
};
use serde_json::Value;

use super::arg::Binding;
use super::task::Handler;
use super::{Bundle, Dag, TaskNode};
use crate::{AssetOrAlias, AssetRef};

/// Why a bundle has no manifest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// A Dag cannot be built.
    #[error(transparent)]
    Dag(#[from] super::DagErrors),
    /// Two Dags have the same id.
    #[error("two Dags of this bundle have the id `{0}`; change one with `#[dag(dag_id = \"..\")]`")]
    DuplicateDag(String),
    /// Nothing to serve.
    #[error("the bundle has no Dags: `aileron::serve(bundle![my_dag])`")]
    Empty,
}

impl Bundle {
    /// What `--airflow-metadata` prints: the Dags, their tasks, and an outline of options, arguments and edges.
    ///
    /// # Errors
    /// When a Dag cannot be built, two have the same id, or there is none.
    pub fn manifest(&self) -> Result<Manifest, BundleError> {
        let mut dags = indexmap::IndexMap::new();
        let mut outline = Outline::default();
        for definition in &self.dags {
            let dag = definition.build()?;
            let tasks = dag
                .nodes()
                .iter()
                .filter(|node| matches!(node.handler, Handler::Rust(_)))
                .map(|node| node.task_id.clone())
                .collect();
            if dags
                .insert(dag.dag_id().to_owned(), DagEntry { tasks })
                .is_some()
            {
                return Err(BundleError::DuplicateDag(dag.dag_id().to_owned()));
            }
            outline.dags.push(dag.outline());
        }
        if dags.is_empty() {
            return Err(BundleError::Empty);
        }
        Ok(Manifest {
            airflow_bundle_metadata_version: METADATA_VERSION.to_owned(),
            sdk: Sdk {
                language: "rust".to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                supervisor_schema_version: crate::runtime::SCHEMA_VERSION.to_string(),
            },
            source: None,
            dags,
            digests: None,
            aileron: Some(outline),
        })
    }
}

impl Dag {
    fn outline(&self) -> DagOutline {
        let options = self.options();
        DagOutline {
            dag_id: self.dag_id().to_owned(),
            schedule: options.schedule.clone(),
            start_date: options.start_date.map(|date| date.to_string()),
            catchup: options.catchup,
            max_active_runs: options.max_active_runs,
            tags: options.tags.clone(),
            doc_md: options.doc_md.clone(),
            params: self.params().clone().into_iter().collect(),
            tasks: self.nodes().iter().map(|node| self.task(node)).collect(),
        }
    }

    fn task(&self, node: &TaskNode) -> TaskOutline {
        let seconds = |duration: Option<Duration>| duration.map(|d| d.as_secs_f64());
        let options = &node.options;
        TaskOutline {
            task_id: node.task_id.clone(),
            external: matches!(node.handler, Handler::External),
            mapped: node.mapped,
            args: node
                .params
                .iter()
                .filter_map(|param| {
                    Some(ArgOutline {
                        name: param.name.to_owned(),
                        r#type: param.type_name.to_owned(),
                        source: self.source(&param.binding)?,
                    })
                })
                .collect(),
            returns: node.returns.map(str::to_owned),
            upstream: self
                .upstream_task_ids(&node.task_id)
                .into_iter()
                .map(str::to_owned)
                .collect(),
            retries: options.retries,
            retry_delay: seconds(options.retry_delay),
            execution_timeout: seconds(options.execution_timeout),
            queue: options.queue.clone(),
            pool: options.pool.clone(),
            priority_weight: options.priority_weight,
            trigger_rule: options.trigger_rule.map(|rule| rule.to_string()),
            owner: options.owner.clone(),
            depends_on_past: options.depends_on_past,
            doc_md: options.doc_md.clone(),
            inlets: options.inlets.iter().map(asset).collect(),
            outlets: options.outlets.iter().map(asset).collect(),
        }
    }

    /// Nothing for an argument that is left to its default: the stub does not pass it either.
    fn source(&self, binding: &Binding) -> Option<ArgSource> {
        match binding {
            // A bad literal is an error of the Dag: a built Dag has none.
            Binding::Literal(value) => Some(ArgSource::Literal {
                value: value.clone().unwrap_or(Value::Null),
            }),
            Binding::Output { task, .. } => Some(ArgSource::Xcom {
                task_id: self.nodes()[*task].task_id.clone(),
            }),
            Binding::Unset => None,
        }
    }
}

fn asset(asset: &AssetOrAlias) -> AssetOutline {
    match asset {
        AssetOrAlias::Asset(AssetRef::Asset(asset)) => AssetOutline::Asset {
            name: asset.name().to_owned(),
            uri: asset.uri().to_owned(),
        },
        AssetOrAlias::Asset(AssetRef::Name(name)) => AssetOutline::NameRef {
            name: name.to_string(),
        },
        AssetOrAlias::Asset(AssetRef::Uri(uri)) => AssetOutline::UriRef {
            uri: uri.to_string(),
        },
        AssetOrAlias::Alias(alias) => AssetOutline::Alias {
            name: alias.name().to_owned(),
        },
    }
}
