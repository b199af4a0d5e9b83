//! The metadata store on a PostgreSQL that fails, is slow, or stands behind a pooler.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use aileron_execution_api::ErrorKind;
use aileron_metastore::Metastore;
use aileron_metastore::database::{Database, DatabaseError, Pooler, PostgresOptions, sql};
use end_to_end::{AirflowVersion, PgBouncer, Postgres};

const VERSION: AirflowVersion = AirflowVersion::V3_3_2;

/// One server for the tests that do it no harm. It ends with the test program.
fn shared() -> &'static Arc<Postgres> {
    static SERVER: OnceLock<Arc<Postgres>> = OnceLock::new();
    SERVER.get_or_init(|| Postgres::start().unwrap())
}

/// Waits that are short enough for a test.
fn impatient() -> PostgresOptions {
    PostgresOptions {
        acquire_timeout: Duration::from_secs(1),
        statement_timeout: Duration::from_secs(1),
        ..PostgresOptions::default()
    }
}

/// The error of a request: Unavailable, with a message that keeps the password to itself.
fn unavailable(error: DatabaseError) -> String {
    let error = error.into_api("look");
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error:?}");
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("sesame"), "{shown}");
    assert!(!shown.contains("postgresql://"), "{shown}");
    shown
}

async fn number(database: &Database, text: &'static str) -> Result<i64, DatabaseError> {
    database.read().await?.one(text).await?.get("n")
}

async fn add(database: &Database, key: String) -> Result<(), DatabaseError> {
    let mut transaction = database.begin().await?;
    let insert = "insert into variable (key, val, is_encrypted) values ($1, 'v', false)";
    transaction.execute(sql(insert).bind(key)).await?;
    transaction.commit().await
}

#[tokio::test]
async fn a_server_that_is_killed_and_comes_back_is_used_again() {
    let server = Postgres::start().unwrap();
    let clone = server.database(VERSION).unwrap();
    let database = Database::postgres_with(&clone.url(), &impatient())
        .await
        .unwrap();
    for round in 0..3 {
        add(&database, format!("before {round}")).await.unwrap();
        let mut open = database.begin().await.unwrap();
        open.execute("delete from variable").await.unwrap();
        server.kill().unwrap();
        unavailable(open.commit().await.unwrap_err());
        let message = unavailable(add(&database, "lost".to_owned()).await.unwrap_err());
        assert!(message.contains("cannot be reached"), "{message}");
        server.start_again().unwrap();
        // Connections of before may be met once each.
        let deadline = Instant::now() + Duration::from_secs(10);
        let kept = loop {
            match number(&database, "select count(*) as n from variable").await {
                Ok(kept) => break kept,
                Err(error) => {
                    unavailable(error);
                    assert!(Instant::now() < deadline, "it was not found again");
                }
            }
        };
        assert_eq!(kept, round + 1, "every commit, and no more");
    }
    database.close().await;
}

#[tokio::test]
async fn a_server_that_stands_still_is_given_up_and_used_again_when_it_goes_on() {
    let server = Postgres::start().unwrap();
    let clone = server.database(VERSION).unwrap();
    let options = PostgresOptions {
        max_connections: 1,
        ..impatient()
    };
    let database = Database::postgres_with(&clone.url(), &options)
        .await
        .unwrap();
    let mut open = database.begin().await.unwrap();
    server.pause().unwrap();
    let began = Instant::now();
    unavailable(open.execute("delete from variable").await.unwrap_err());
    drop(open);
    unavailable(add(&database, "lost".to_owned()).await.unwrap_err());
    assert!(began.elapsed() < Duration::from_secs(20));
    server.resume().unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while let Err(error) = add(&database, "kept".to_owned()).await {
        unavailable(error);
        assert!(Instant::now() < deadline, "it was not found again");
    }
    database.close().await;
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_ended_and_its_connection_goes_on() {
    let server = shared();
    let clone = server.database(VERSION).unwrap();
    for pooler in [Pooler::Session, Pooler::Transaction] {
        let options = PostgresOptions {
            max_connections: 1,
            pooler,
            ..impatient()
        };
        let database = Database::postgres_with(&clone.url(), &options)
            .await
            .unwrap();
        let error = number(&database, "select 1 as n from pg_sleep(20)")
            .await
            .unwrap_err();
        assert!(matches!(error, DatabaseError::Slow { .. }), "{error:?}");
        unavailable(error);
        assert_eq!(number(&database, "select 7 as n").await.unwrap(), 7);
        database.close().await;
    }
}

#[tokio::test]
async fn a_caller_that_stops_waiting_leaves_no_transaction_behind() {
    let server = shared();
    let clone = server.database(VERSION).unwrap();
    let options = PostgresOptions {
        max_connections: 1,
        ..PostgresOptions::default()
    };
    let database = Database::postgres_with(&clone.url(), &options)
        .await
        .unwrap();
    let given_up = async {
        let mut transaction = database.begin().await.unwrap();
        let insert = "insert into variable (key, val, is_encrypted) values ('half', 'v', false)";
        transaction.execute(insert).await.unwrap();
        transaction.execute("select pg_sleep(1)").await.unwrap();
    };
    assert!(
        tokio::time::timeout(Duration::from_millis(100), given_up)
            .await
            .is_err()
    );
    // The only connection comes back, and is in no transaction.
    let half = number(
        &database,
        "select count(*) as n from variable where key = 'half'",
    );
    assert_eq!(half.await.unwrap(), 0);
    add(&database, "whole".to_owned()).await.unwrap();
    assert_eq!(
        clone.sql("select key from variable").unwrap().trim(),
        "whole"
    );
    database.close().await;
}

#[tokio::test]
async fn a_transaction_with_a_failed_statement_cannot_be_committed() {
    let server = shared();
    let clone = server.database(VERSION).unwrap();
    let database = Database::postgres(&clone.url()).await.unwrap();
    add(&database, "a".to_owned()).await.unwrap();
    let mut transaction = database.begin().await.unwrap();
    transaction.execute("delete from job").await.unwrap();
    let insert = "insert into variable (key, val, is_encrypted) values ('a', 'v', false)";
    let error = transaction.execute(insert).await.unwrap_err();
    assert!(error.is_unique_violation(), "{error:?}");
    // PostgreSQL would say yes, and do nothing.
    assert!(transaction.commit().await.is_err());
    database.close().await;
}

#[tokio::test]
async fn who_may_not_connect_is_told_so_without_the_password() {
    let server = shared();
    let url = server.url("postgres");
    for (url, expected) in [
        (url.replace("sesame-4711", "sesame-4712"), "password"),
        (url.replace("/postgres", "/nowhere"), "nowhere"),
        (url.replace("127.0.0.1", "127.0.0.1:1"), "form"),
    ] {
        let error = Database::postgres_with(&url, &impatient())
            .await
            .unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(expected), "{shown}");
        assert!(!shown.contains("sesame"), "{shown}");
    }
    let refused = Metastore::connect(&url).await.unwrap_err();
    assert!(
        matches!(refused, DatabaseError::Revision { .. }),
        "{refused:?}"
    );
}

/// The third is what many set: then what a session asks for is ignored without a word.
const BOUNCERS: [&[&str]; 3] = [
    &[],
    &["ignore_startup_parameters=extra_float_digits"],
    &["ignore_startup_parameters=extra_float_digits,options"],
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clients_share_few_sessions_of_pgbouncer_in_transaction_mode() {
    let server = shared();
    for lines in BOUNCERS {
        let bouncer = PgBouncer::start(server, lines).unwrap();
        let clone = server.database(VERSION).unwrap();
        many_clients(&bouncer.url(&clone), Pooler::Detect)
            .await
            .unwrap();
        let added = clone.sql("select count(*) from variable").unwrap();
        assert_eq!(added, "96\n", "{lines:?}");
        limits_hold_behind_pgbouncer(&bouncer.url(&clone)).await;
    }
    // The same fails when it is taken for a server: so the clients did meet each other's sessions.
    let bouncer = PgBouncer::start(server, BOUNCERS[2]).unwrap();
    let clone = server.database(VERSION).unwrap();
    let mistaken = many_clients(&bouncer.url(&clone), Pooler::Session).await;
    assert!(mistaken.is_err());
}

/// A certificate for 127.0.0.1 with its key, in files that every user may read.
fn certificate(directory: &std::path::Path, name: &str) -> [String; 2] {
    use std::os::unix::fs::PermissionsExt as _;

    let key = rcgen::KeyPair::generate().unwrap();
    let parameters = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let certificate = parameters.self_signed(&key).unwrap();
    std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o755)).unwrap();
    [("cert", certificate.pem()), ("key", key.serialize_pem())].map(|(kind, text)| {
        let path = directory.join(format!("{name}.{kind}"));
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        path.to_str().unwrap().to_owned()
    })
}

/// The PostgreSQL of the tests was built without TLS, so PgBouncer is what speaks it.
#[tokio::test]
async fn a_server_that_wants_tls_is_reached_with_it_and_its_certificate_is_verified() {
    let directory = tempfile::tempdir().unwrap();
    let [cert, key] = certificate(directory.path(), "right");
    let [other, _] = certificate(directory.path(), "other");
    let lines = [
        "client_tls_sslmode = require".to_owned(),
        format!("client_tls_cert_file = {cert}"),
        format!("client_tls_key_file = {key}"),
    ];
    let server = shared();
    let bouncer = PgBouncer::start(server, &lines.each_ref().map(String::as_str)).unwrap();
    let clone = server.database(VERSION).unwrap();
    let open = async |parameters: &str| {
        let url = format!("{}?{parameters}", bouncer.url(&clone));
        let database = Database::postgres_with(&url, &impatient()).await?;
        let found = number(&database, "select 7 as n").await;
        database.close().await;
        found
    };
    let verified = format!("sslmode=verify-full&sslrootcert={cert}");
    for parameters in ["sslmode=require", "", &verified] {
        assert_eq!(open(parameters).await.unwrap(), 7, "{parameters}");
    }
    for parameters in [
        "sslmode=disable".to_owned(),
        format!("sslmode=verify-full&sslrootcert={other}"),
        "sslmode=verify-full".to_owned(),
    ] {
        let error = open(&parameters).await.unwrap_err();
        unavailable(error);
    }
    // One that does not speak it is not spoken to in the clear.
    let error = Database::postgres(&format!("{}?sslmode=require", clone.url())).await;
    let shown = error.unwrap_err().to_string();
    assert!(shown.contains("TLS"), "{shown}");
}

/// Two pools, which stand for two replicas, with six clients each. What went wrong is an error, or a row that another client asked for.
async fn many_clients(url: &str, pooler: Pooler) -> Result<(), String> {
    let options = PostgresOptions {
        pooler,
        ..PostgresOptions::default()
    };
    let mut clients = Vec::new();
    for replica in 0..2 {
        let database = Database::postgres_with(url, &options).await;
        let database = database.map_err(|error| error.to_string())?;
        for worker in 0..6 {
            let database = database.clone();
            clients.push(tokio::spawn(async move {
                for step in 0..8 {
                    one_round(&database, format!("{replica} {worker} {step}"), worker).await?;
                }
                Ok::<(), DatabaseError>(())
            }));
        }
    }
    let mut result = Ok(());
    for client in clients {
        let ended = client.await.map_err(|panic| panic.to_string());
        result = result.and(ended.and_then(|ended| ended.map_err(|error| error.to_string())));
    }
    result
}

/// Writes and reads with statements that differ from client to client.
async fn one_round(database: &Database, key: String, worker: i64) -> Result<(), DatabaseError> {
    add(database, key.clone()).await?;
    let mut session = database.read().await?;
    let text = format!("select $1 as k, {worker} as n");
    let row = session.one(sql(text).bind(key.as_str())).await?;
    assert_eq!(row.get::<String>("k")?, key);
    assert_eq!(row.get::<i64>("n")?, worker);
    let count = sql("select count(*) as n from variable where key = $1");
    let row = session.one(count.bind(key)).await?;
    assert_eq!(row.get::<i64>("n")?, 1);
    Ok(())
}

async fn limits_hold_behind_pgbouncer(url: &str) {
    let database = Database::postgres_with(url, &impatient()).await.unwrap();
    let error = number(&database, "select 1 as n from pg_sleep(20)")
        .await
        .unwrap_err();
    assert!(matches!(error, DatabaseError::Slow { .. }), "{error:?}");
    // Each client has its own limit, though they share sessions.
    let other = Database::postgres(url).await.unwrap();
    for (database, limit) in [(&database, 1), (&other, 30), (&database, 1)] {
        let seconds = "select cast(extract(epoch from current_setting('statement_timeout')::interval) as bigint) as n";
        assert_eq!(number(database, seconds).await.unwrap(), limit);
    }
    other.close().await;
    database.close().await;
}

#[tokio::test]
async fn a_pool_that_is_used_up_says_so_in_time() {
    let server = shared();
    let clone = server.database(VERSION).unwrap();
    let options = PostgresOptions {
        max_connections: 2,
        ..impatient()
    };
    let database = Arc::new(
        Database::postgres_with(&clone.url(), &options)
            .await
            .unwrap(),
    );
    let held = [
        database.read().await.unwrap(),
        database.read().await.unwrap(),
    ];
    let began = Instant::now();
    unavailable(database.read().await.unwrap_err());
    assert!(began.elapsed() < Duration::from_secs(5));
    drop(held);
    assert_eq!(number(&database, "select 3 as n").await.unwrap(), 3);
}
