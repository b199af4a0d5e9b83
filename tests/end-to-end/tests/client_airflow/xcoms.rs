//! XComs.

use aileron_execution_api::{ErrorKind, ExecutionApi as _};
use aileron_wire::json::RawJson;
use aileron_wire::message::{
    DeleteXCom, GetXCom, GetXComCount, GetXComSequenceItem, GetXComSequenceSlice, SetXCom,
};
use serde_json::{Value, json};

use crate::run::{DAG, kind, on_every_version, raw};

#[test]
fn xcoms_pass_as_they_are() {
    on_every_version(|run| async move {
        let client = run.started("two").await;
        for key in ["plain", "with/slash and ü?#%", "return_value"] {
            let value = json!({"text": "ä\u{0}\n", "numbers": [1, -2.5, 9_007_199_254_740_993_i64], "null": null});
            let mut set = SetXCom::new(key, raw(&value), DAG, &run.run_id, "two");
            set.dag_result = true;
            client.set_xcom(set).await.unwrap();
            let get = GetXCom::new(key, DAG, &run.run_id, "two");
            let got: Value = client.xcom(get.clone()).await.unwrap().read().unwrap();
            assert_eq!(got, value);
            client
                .delete_xcom(DeleteXCom::new(key, DAG, &run.run_id, "two"))
                .await
                .unwrap();
            client
                .delete_xcom(DeleteXCom::new(key, DAG, &run.run_id, "two"))
                .await
                .unwrap();
            assert_eq!(kind(client.xcom(get).await), ErrorKind::NotFound);
        }
        let elsewhere = SetXCom::new("k", RawJson::null(), DAG, "no such run", "two");
        let error = client.set_xcom(elsewhere).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::NotFound), "{error}");
    });
}

#[test]
fn xcoms_of_a_mapped_task_are_counted_and_sliced() {
    on_every_version(|run| async move {
        let client = run.started("mapped[0]").await;
        for index in 0..3 {
            let mut set = SetXCom::new(
                "return_value",
                raw(&json!({"at": index})),
                DAG,
                &run.run_id,
                "mapped",
            );
            set.map_index = Some(index);
            set.mapped_length = Some(2);
            client.set_xcom(set).await.unwrap();
        }
        let count = GetXComCount::new("return_value", DAG, &run.run_id, "mapped");
        assert_eq!(client.xcom_count(count).await.unwrap(), 3);
        let item =
            |offset| GetXComSequenceItem::new("return_value", DAG, &run.run_id, "mapped", offset);
        assert_eq!(
            client.xcom_item(item(-1)).await.unwrap().get(),
            r#"{"at":2}"#
        );
        assert_eq!(kind(client.xcom_item(item(3)).await), ErrorKind::NotFound);
        let slice = |start, stop, step| {
            GetXComSequenceSlice::new(
                "return_value",
                DAG,
                &run.run_id,
                "mapped",
                start,
                stop,
                step,
            )
        };
        let sliced = client
            .xcom_slice(slice(None, None, Some(-2)))
            .await
            .unwrap();
        assert_eq!(sliced, [raw(&json!({"at": 2})), raw(&json!({"at": 0}))]);
        assert_eq!(
            client
                .xcom_slice(slice(Some(1), Some(2), None))
                .await
                .unwrap()
                .len(),
            1
        );
        let mut one = GetXCom::new("return_value", DAG, &run.run_id, "mapped");
        one.map_index = Some(1);
        assert_eq!(client.xcom(one).await.unwrap().get(), r#"{"at":1}"#);
    });
}

#[test]
fn a_large_xcom_arrives_whole() {
    on_every_version(|run| async move {
        let client = run.started("two").await;
        let value = Value::from("x".repeat(8 << 20));
        client
            .set_xcom(SetXCom::new("large", raw(&value), DAG, &run.run_id, "two"))
            .await
            .unwrap();
        let got = client
            .xcom(GetXCom::new("large", DAG, &run.run_id, "two"))
            .await
            .unwrap();
        assert!(got == raw(&value), "{} bytes", got.get().len());
    });
}
