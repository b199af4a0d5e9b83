//! Keys that expire before the last retry of their task can read them.

use aileron_metastore::Metastore;
use aileron_metastore::inventory::{DagRetries, Filter};

use crate::stored::span_text;

/// What is to be warned about: tasks whose values are kept for a shorter time than their retries may
/// wait, and Dags that cannot be read.
pub(super) async fn warnings(store: &Metastore, filter: &Filter) -> anyhow::Result<Vec<String>> {
    let retentions = store.inventory().retentions(filter).await?;
    let mut warnings = Vec::new();
    let mut dag: Option<DagRetries> = None;
    for kept in retentions {
        if dag.as_ref().is_none_or(|dag| dag.dag_id != kept.dag_id) {
            dag = store.inventory().retries(Some(&kept.dag_id)).await?.pop();
            if let Some(Err(error)) = dag.as_ref().map(|dag| &dag.tasks) {
                warnings.push(format!(
                    "Dag {}: its retries are not known: {error}",
                    kept.dag_id
                ));
            }
        }
        let Some(Ok(tasks)) = dag.as_ref().map(|dag| &dag.tasks) else {
            continue;
        };
        let task = tasks.iter().find(|task| task.task_id == kept.task_id);
        if let Some(task) = task.filter(|task| task.longest_wait > kept.shortest) {
            warnings.push(format!(
                "Dag {}, task {}: its {} retries may wait for {} together, and what it stores is kept \
                 for {}: a late retry finds nothing, and starts its work anew. Raise [state_store] \
                 default_retention_days, or shorten the delay",
                kept.dag_id,
                kept.task_id,
                task.retries,
                span_text(task.longest_wait.as_secs()),
                span_text(kept.shortest.as_secs()),
            ));
        }
    }
    Ok(warnings)
}
