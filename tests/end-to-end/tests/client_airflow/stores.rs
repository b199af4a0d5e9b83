//! Variables, Connections, and stored state.

use aileron_execution_api::{AssetRef, ErrorKind, ExecutionApi as _};
use aileron_wire::json::RawJson;
use aileron_wire::message::{GetVariableKeys, PutVariable};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::run::{kind, on_every_version, raw};

#[test]
fn variables_and_connections_are_read_and_written() {
    on_every_version(|run| async move {
        let client = run.started("two").await;
        for key in ["plain", "with/slash and ü?#%"] {
            let put = PutVariable {
                key: key.to_owned(),
                value: Some("ä\n".to_owned()),
                description: None,
            };
            client.put_variable(put).await.unwrap();
            assert_eq!(
                client.variable(key).await.unwrap().value.as_deref(),
                Some("ä\n")
            );
        }
        let keys = GetVariableKeys {
            prefix: Some("with/".to_owned()),
            ..GetVariableKeys::default()
        };
        let keys = client.variable_keys(keys).await.unwrap();
        assert_eq!((keys.keys.len(), keys.total_entries), (1, 1));
        for key in ["plain", "with/slash and ü?#%"] {
            client.delete_variable(key).await.unwrap();
            client.delete_variable(key).await.unwrap();
            assert_eq!(kind(client.variable(key).await), ErrorKind::NotFound);
        }
        let shop = client.connection("shop").await.unwrap();
        assert_eq!(
            (shop.conn_type.as_str(), shop.port),
            ("postgres", Some(5432))
        );
        assert_eq!(shop.password.as_deref(), Some("hunter2"));
        let error = client.connection("none").await.unwrap_err();
        assert_eq!(
            (error.kind, error.reason()),
            (ErrorKind::NotFound, Some("not_found"))
        );
    });
}

#[test]
fn state_stores_keep_what_they_are_given() {
    on_every_version(|run| async move {
        let client = run.started("one").await;
        let value = raw(&json!({"job": [1, null, "ä"]}));
        let never = None;
        let soon = Some(Timestamp::now() + SignedDuration::from_secs(600));
        for (key, expires_at) in [("a/b c", never), ("x", soon)] {
            client
                .set_task_state(key, value.clone(), expires_at)
                .await
                .unwrap();
            let got: Value = client.task_state(key).await.unwrap().read().unwrap();
            assert_eq!(got, json!({"job": [1, null, "ä"]}));
        }
        client.delete_task_state("a/b c").await.unwrap();
        client.delete_task_state("a/b c").await.unwrap();
        assert_eq!(kind(client.task_state("a/b c").await), ErrorKind::NotFound);
        client.clear_task_state().await.unwrap();
        assert_eq!(kind(client.task_state("x").await), ErrorKind::NotFound);
        assert_eq!(
            kind(client.set_task_state("n", RawJson::null(), None).await),
            ErrorKind::Invalid
        );

        for asset in [
            AssetRef::Name("orders".to_owned()),
            AssetRef::Uri("file:///orders".to_owned()),
        ] {
            client
                .set_asset_state(&asset, "a b&c", value.clone())
                .await
                .unwrap();
            client
                .set_asset_state(&asset, "d", value.clone())
                .await
                .unwrap();
            assert!(client.asset_state(&asset, "a b&c").await.is_ok());
            client.delete_asset_state(&asset, "a b&c").await.unwrap();
            assert_eq!(
                kind(client.asset_state(&asset, "a b&c").await),
                ErrorKind::NotFound
            );
            client.clear_asset_state(&asset).await.unwrap();
            assert_eq!(
                kind(client.asset_state(&asset, "d").await),
                ErrorKind::NotFound
            );
        }
        let none = AssetRef::Name("none".to_owned());
        assert_eq!(
            kind(client.set_asset_state(&none, "k", value).await),
            ErrorKind::NotFound
        );
    });
}
