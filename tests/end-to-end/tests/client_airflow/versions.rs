//! What only some versions know.

use aileron_client::ApiVersion;
use aileron_execution_api::{AssetEventsQuery, AssetEventsSource, ErrorKind, ExecutionApi as _};
use aileron_wire::message::GetXCom;
use end_to_end::rows;
use serde_json::json;

use crate::run::{DAG, kind, on_every_version, worker};

#[test]
fn what_only_airflow_3_4_knows_is_refused_by_others_and_never_ignored() {
    on_every_version(|run| async move {
        let client = run.started("one").await;
        let older = run.client_asking_for("two", ApiVersion::V2026_06_30);
        older.start(worker(1)).await.unwrap();
        let by_partition = || {
            let source = AssetEventsSource::Asset {
                name: Some("orders".to_owned()),
                uri: None,
            };
            let mut query = AssetEventsQuery::new(source);
            query.partition_key = Some("none".to_owned());
            query.extra = json!({"a": "b"}).as_object().cloned();
            query
        };
        let previous_iteration = || {
            let mut query = GetXCom::new("k", DAG, &run.run_id, "one");
            query.previous_iteration = true;
            query
        };
        for (client, knows) in [(&client, run.is_3_4()), (&older, false)] {
            let note = client.set_dag_run_note(Some("ä note".to_owned())).await;
            let events = client.asset_events(by_partition()).await;
            let xcom = client.xcom(previous_iteration()).await;
            if knows {
                note.unwrap();
                assert_eq!(events.unwrap(), []);
                // The task is in no loop; how the server says that is its affair.
                assert_ne!(kind(xcom), ErrorKind::Unsupported);
                // The answer for a Dag run leaves the note out.
                let notes = format!(
                    "select content from dag_run_note where dag_run_id = (select id from dag_run where run_id = '{}')",
                    run.run_id
                );
                assert_eq!(
                    rows(run.version, &run.database, &notes).unwrap(),
                    [json!(["ä note"])]
                );
            } else {
                for kind in [kind(note), kind(events), kind(xcom)] {
                    assert_eq!(kind, ErrorKind::Unsupported);
                }
            }
        }
    });
}
