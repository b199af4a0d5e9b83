//! Which Dag of a program is run.

use aileron_bundle::manifest::DagOutline;
use anyhow::bail;

use super::program::Program;
use crate::outcome::UsageError;

pub(super) fn choose(program: &Program, dag_id: Option<&str>) -> anyhow::Result<DagOutline> {
    let Some(outline) = &program.manifest.aileron else {
        bail!(
            "the manifest of {} has only the ids of its Dags, not their edges; `aileron run` runs bundles made with Aileron",
            program.executable.display()
        );
    };
    let known = || {
        let ids: Vec<_> = outline.dags.iter().map(|dag| dag.dag_id.as_str()).collect();
        ids.join(", ")
    };
    match (dag_id, outline.dags.as_slice()) {
        (None, [dag]) => Ok(dag.clone()),
        (None, _) => Err(UsageError(format!(
            "there are several Dags; choose one with --dag: {}",
            known()
        ))
        .into()),
        (Some(dag_id), dags) => match dags.iter().find(|dag| dag.dag_id == dag_id) {
            Some(dag) => Ok(dag.clone()),
            None => {
                Err(UsageError(format!("there is no Dag {dag_id}; there are {}", known())).into())
            }
        },
    }
}
