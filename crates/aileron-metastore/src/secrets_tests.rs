//! What Variables and Connections promise together: where they come from, and that they stay secret.

use aileron_execution_api::ExecutionApi as _;
use aileron_wire::message::{GetVariableKeys, PutVariable};

use crate::database::sql;
use crate::fixture::{Fixture, refusal};
use crate::{EnvironmentSecrets, FernetKeys, Settings};

const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";

fn environment(variables: &[(&str, &str)]) -> Settings {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings {
        secrets: EnvironmentSecrets::of(variables),
        ..Settings::default()
    }
}

fn encrypting() -> Settings {
    Settings {
        fernet_keys: FernetKeys::parse(KEY).unwrap(),
        ..Settings::default()
    }
}

fn put(key: &str, value: Option<&str>, description: Option<&str>) -> PutVariable {
    PutVariable {
        key: key.into(),
        value: value.map(str::to_owned),
        description: description.map(str::to_owned),
    }
}

#[tokio::test]
async fn a_variable_is_put_replaced_and_deleted_with_its_description() {
    let fixture = Fixture::new().await;
    let api = fixture.task(2, "a", -1);
    assert_eq!(refusal(api.variable("v").await), (404, "not_found".into()));
    api.put_variable(put("v", Some("1"), Some("why")))
        .await
        .unwrap();
    api.put_variable(put("v", Some(""), None)).await.unwrap();
    assert_eq!(api.variable("v").await.unwrap().value.as_deref(), Some(""));
    let described = "select count(description) as n from variable";
    assert_eq!(fixture.number(described).await, 0);
    for _ in 0..2 {
        api.delete_variable("v").await.unwrap();
        assert_eq!(refusal(api.variable("v").await).0, 404);
    }
}

#[tokio::test]
async fn with_a_key_nothing_is_stored_in_plain_text() {
    let fixture = Fixture::with(encrypting()).await;
    let api = fixture.task(2, "a", -1);
    api.put_variable(put("v", Some("hunter2"), None))
        .await
        .unwrap();
    assert_eq!(
        api.variable("v").await.unwrap().value.as_deref(),
        Some("hunter2")
    );
    let stored = fixture.texts("select val as t from variable").await;
    assert!(!stored[0].contains("hunter2"), "{stored:?}");
    let without = fixture.store.clone().with_settings(Settings::default());
    let result = without.task(api.ti_id()).variable("v").await;
    assert_eq!(refusal(result), (409, "fernet_key".into()));
}

#[tokio::test]
async fn keys_are_given_by_prefix_and_page() {
    let fixture = Fixture::new().await;
    let api = fixture.task(2, "a", -1);
    for key in ["a_1", "a_2", "A_3", "ab", "a%"] {
        api.put_variable(put(key, Some("1"), None)).await.unwrap();
    }
    let query = |prefix: &str, limit, offset| GetVariableKeys {
        prefix: Some(prefix.into()),
        limit,
        offset,
    };
    let page = api.variable_keys(query("a_", 1, 1)).await.unwrap();
    assert_eq!((page.keys, page.total_entries), (vec!["a_2".to_owned()], 2));
    let page = api.variable_keys(query("a%", 10, 0)).await.unwrap();
    assert_eq!(page.keys, ["a%"]);
    for (limit, offset) in [(0, 0), (10_001, 0), (1, -1)] {
        assert_eq!(
            refusal(api.variable_keys(query("", limit, offset)).await).0,
            422
        );
    }
}

#[tokio::test]
async fn the_environment_comes_before_the_database() {
    let settings = environment(&[
        ("AIRFLOW_VAR_V", "from the environment"),
        (
            "AIRFLOW_CONN_DB",
            "postgres://ada:p%40ss@host:5432/shop?sslmode=require",
        ),
        ("AIRFLOW_CONN_BAD", "{\"password\": \"secret\"}"),
    ]);
    let fixture = Fixture::with(settings).await;
    let api = fixture.task(2, "a", -1);
    api.put_variable(put("v", Some("stored"), None))
        .await
        .unwrap();
    let variable = api.variable("v").await.unwrap();
    assert_eq!(variable.value.as_deref(), Some("from the environment"));
    let connection = api.connection("db").await.unwrap();
    assert_eq!(
        (connection.conn_id.as_str(), connection.port),
        ("db", Some(5432))
    );
    assert_eq!(connection.password.as_deref(), Some("p@ss"));
    let error = api.connection("bad").await.unwrap_err();
    assert!(error.message.contains("AIRFLOW_CONN_BAD"), "{error}");
    assert!(!error.message.contains("secret"), "{error}");
    assert_eq!(
        refusal(api.connection("none").await),
        (404, "not_found".into())
    );
}

#[tokio::test]
async fn a_stored_connection_is_decrypted() {
    let settings = encrypting();
    let (password, _) = settings.fernet_keys.encrypt("hunter2");
    let fixture = Fixture::with(settings).await;
    let statement = sql(
        "insert into connection (conn_id, conn_type, host, password, extra, is_encrypted, \
         is_extra_encrypted) values ('c', 'http', 'h', $1, '{}', true, false)",
    );
    fixture.run(statement.bind(password)).await;
    let api = fixture.task(2, "a", -1);
    let connection = api.connection("c").await.unwrap();
    assert_eq!(connection.password.as_deref(), Some("hunter2"));
    assert_eq!(connection.extra.as_deref(), Some("{}"));
    let without = fixture.store.clone().with_settings(Settings::default());
    let error = without.task(api.ti_id()).connection("c").await.unwrap_err();
    assert!(
        error.message.contains("password of Connection \"c\""),
        "{error}"
    );
}
