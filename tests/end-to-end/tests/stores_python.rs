//! Connections, asset URIs and configuration are for Rust what they are for Airflow's own code, on every version.
#![allow(clippy::unwrap_used)]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use aileron::prelude::*;
use aileron::{Asset, Connection, DagDefinition, DagOptions};
use aileron_config::Config;
use end_to_end::{AirflowVersion, workspace_root};
use serde_json::{Value, json};

/// What Airflow answers to a question with some of its lists.
fn ask(version: AirflowVersion, home: &Path, question: Value) -> Value {
    let mut whole = json!({"connections": [], "uris": [], "assets": [], "options": []});
    let fields = whole.as_object_mut().unwrap();
    fields.extend(question.as_object().unwrap().clone());
    let mut child = Command::new(version.python().unwrap())
        .arg(workspace_root().join("tests/end-to-end/python/stores_python.py"))
        .env_clear()
        .env("AIRFLOW_HOME", home)
        .env("HOME", "/home/ada")
        .env("AIRFLOW__STORES__FROM_ENV", "${HOME}/x")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(whole.to_string().as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stdout = String::from_utf8_lossy(&output.stdout);
    // Warnings of Airflow come before it.
    let answer = stdout.lines().last().unwrap_or_default();
    serde_json::from_str(answer).unwrap_or_else(|error| panic!("{error}: {stdout}{stderr}"))
}

fn on_every_version(check: impl Fn(AirflowVersion, &Path)) {
    for version in AirflowVersion::ALL {
        let home = tempfile::tempdir().unwrap();
        check(version, home.path());
    }
}

const HOSTS: [Option<&str>; 6] = [
    None,
    Some("db.example.com"),
    Some("https://api.example.com"),
    Some("my_type://same"),
    Some("/var/run/socket dir"),
    Some("UPPER%41"),
];
const LOGINS: [Option<&str>; 3] = [None, Some("ada"), Some("a:d@a/ é")];
const PASSWORDS: [Option<&str>; 3] = [None, Some("plain"), Some("p:@/?#[]% +~*")];
const SCHEMAS: [Option<&str>; 3] = [None, Some("shop"), Some("a/b?c")];
const PORTS: [Option<i64>; 3] = [None, Some(0), Some(5432)];
const EXTRAS: [Option<&str>; 8] = [
    None,
    Some(r#"{"sslmode": "require", "a b": "c&d=é"}"#),
    Some(r#"{"empty": ""}"#),
    Some(r#"{"nested": {"a": 1}}"#),
    Some(r#"{"number": 1}"#),
    Some("{}"),
    Some("not json"),
    Some("[1, \"two\"]"),
];

/// Many combinations.
fn connections() -> Vec<Connection> {
    let mut all = vec![
        Connection::new("c", "My_Type"),
        Connection::new("c", "my_type"),
    ];
    fn each<T: Copy>(
        all: Vec<Connection>,
        values: &[T],
        set: impl Fn(&mut Connection, T),
    ) -> Vec<Connection> {
        let mut more = Vec::with_capacity(all.len() * values.len());
        for connection in all {
            for value in values {
                let mut connection = connection.clone();
                set(&mut connection, *value);
                more.push(connection);
            }
        }
        more
    }
    all = each(all, &HOSTS, |c, host| c.host = host.map(str::to_owned));
    all = each(all, &LOGINS, |c, login| c.login = login.map(str::to_owned));
    all = each(all, &PASSWORDS, |c, text| {
        c.password = text.map(str::to_owned)
    });
    all = each(all, &SCHEMAS, |c, text| c.schema = text.map(str::to_owned));
    all = each(all, &PORTS, |c, port| c.port = port);
    let all = each(all, &EXTRAS, |c, extra| c.extra = extra.map(str::to_owned));
    // One in seven, which is prime to the number of values: every pair of values is still among them.
    all.into_iter().step_by(7).collect()
}

fn fields(connection: &Connection) -> Value {
    json!({
        "conn_type": connection.conn_type, "host": connection.host, "schema": connection.schema,
        "login": connection.login, "password": connection.password, "port": connection.port, "extra": connection.extra,
    })
}

/// Empty texts that Airflow has for nothing, and the extra as what it says.
fn comparable(mut connection: Value) -> Value {
    for name in ["host", "schema", "login"] {
        if connection[name] == "" {
            connection[name] = Value::Null;
        }
    }
    let extra = connection["extra"].as_str().map(str::to_owned);
    if let Some(Ok(extra)) = extra.as_deref().map(serde_json::from_str) {
        connection["extra"] = extra;
    }
    connection
}

#[test]
fn a_connection_has_the_uri_that_airflow_gives_it_and_comes_back_from_it() {
    let connections = connections();
    on_every_version(|version, home| {
        let question: Vec<_> = connections.iter().map(fields).collect();
        let uris = ask(version, home, json!({"connections": question}))["uris"].take();
        for (connection, uri) in connections.iter().zip(uris.as_array().unwrap()) {
            assert_eq!(
                json!(connection.uri()),
                *uri,
                "{version}: {}",
                fields(connection)
            );
        }
        let read = ask(version, home, json!({"uris": uris}))["connections"].take();
        let uris: Vec<String> = serde_json::from_value(uris).unwrap();
        for (uri, expected) in uris.iter().zip(read.as_array().unwrap()) {
            compare(version, uri, expected);
        }
    });
}

fn compare(version: AirflowVersion, uri: &str, expected: &Value) {
    match Connection::from_uri("c", uri) {
        Ok(read) => assert_eq!(
            comparable(fields(&read)),
            comparable(expected.clone()),
            "{version}: {uri}"
        ),
        Err(error) => assert!(expected["refused"].is_string(), "{version}: {uri}: {error}"),
    }
}

#[test]
fn uris_that_people_write_are_read_as_airflow_reads_them() {
    const URIS: [&str; 16] = [
        "postgresql://ada:secret@Db.Example.com:5432/shop?sslmode=require",
        "POSTGRES://host/x",
        "http://",
        "aws://",
        "aws:///?region=eu-west-1&empty=",
        "my-type://user@/schema",
        "my-type://@:8080",
        "mysql://u:p%2Fw@h/d?__extra__=%7B%22a%22%3A+1%7D",
        "sqlite:////tmp/x.db",
        "http://https://host:80/x?y=z",
        "http://a@b://c",
        "a://b://c://d",
        "ftp://host:port/",
        "ftp://host:99999/",
        "redis://[::1]:6379/0",
        "ssh://user:@host/#fragment",
    ];
    on_every_version(|version, home| {
        let read = ask(version, home, json!({"uris": URIS}))["connections"].take();
        for (uri, expected) in URIS.iter().zip(read.as_array().unwrap()) {
            compare(version, uri, expected);
        }
    });
}

const ASSETS: [&str; 12] = [
    "s3://bucket/key",
    "S3://Bucket/key//",
    "s3://bucket",
    "db://me:secret@host/t?b=2&a=1&c=#part",
    "db://me@host:5432/t?a=x%20y&a=%C3%A9",
    "file:///tmp/x/",
    "file://host/x",
    "X-Mine://a:b@c/?z#y",
    "plain name",
    "//host/path/",
    "a b://c",
    "orders",
];

#[task]
async fn write() -> Result<()> {
    Ok(())
}

#[test]
fn asset_uris_are_brought_into_airflows_form() {
    let dag = DagDefinition::new("d", DagOptions::default(), |dag| {
        let mut call = write();
        for uri in ASSETS {
            call = call.outlet(Asset::owned("a", uri));
        }
        dag.add(call);
    });
    let manifest = aileron::Bundle::new("b", "1").with(dag).manifest().unwrap();
    let outlets = &manifest.aileron.unwrap().dags[0].tasks[0].outlets;
    let ours: Vec<Value> = outlets
        .iter()
        .map(|asset| serde_json::to_value(asset).unwrap()["uri"].take())
        .collect();
    on_every_version(|version, home| {
        let theirs = ask(version, home, json!({"assets": ASSETS}))["assets"].take();
        assert_eq!(json!(ours), theirs, "{version}");
    });
}

#[test]
fn the_configuration_says_to_rust_what_it_says_to_airflow() {
    const FILE: &str = "
[DEFAULT]
base = ~/data
# a comment
[stores]
plain = a = b: c
Capital = never found
colon: d
reference = %(base)s/x
percent = 100%%
variable = $HOME/y ${HOME} $UNKNOWN
empty =
long = one
  two

  ; not this
  three
from_env = from the file
[other.section]
key = 1 ; kept
";
    let options = [
        ("stores", "plain"),
        ("stores", "Capital"),
        ("stores", "colon"),
        ("stores", "reference"),
        ("stores", "percent"),
        ("stores", "variable"),
        ("stores", "empty"),
        ("stores", "long"),
        ("stores", "from_env"),
        ("stores", "base"),
        ("stores", "absent"),
        ("other.section", "key"),
        ("absent", "key"),
    ];
    on_every_version(|version, home| {
        std::fs::write(home.join("airflow.cfg"), FILE).unwrap();
        let theirs = ask(version, home, json!({"options": options}))["options"].take();
        let config = Config::with_environment([
            ("AIRFLOW_HOME", home.to_str().unwrap()),
            ("HOME", "/home/ada"),
            ("AIRFLOW__STORES__FROM_ENV", "${HOME}/x"),
        ]);
        for ((section, key), theirs) in options.iter().zip(theirs.as_array().unwrap()) {
            let ours = config.get(section, key).unwrap();
            assert_eq!(json!(ours), *theirs, "{version}: [{section}] {key}");
        }
    });
}
