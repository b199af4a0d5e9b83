//! The databases of the tests on a PostgreSQL server, when there is one.
//!
//! `cargo xtask test` runs the tests of this crate twice: on SQLite files, and with the URL of a
//! server in the environment. The server has a database that a real Airflow has migrated.
#![allow(unreachable_pub, reason = "a module of several test programs")]

use std::sync::atomic::{AtomicU32, Ordering};

use super::database::{Database, sql};

/// The environment variable with the URL of the server's database `postgres`.
const SERVER: &str = "AILERON_POSTGRES_URL";

/// The migrated database, which tests clone.
const TEMPLATE: &str = "airflow_332";

/// A database of its own for one test. It goes with the value.
pub struct PostgresDatabase {
    server: String,
    name: String,
}

impl PostgresDatabase {
    /// A database, if the tests are to run on PostgreSQL.
    pub async fn new() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let server = std::env::var(SERVER).ok()?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("metastore_{}_{number}", std::process::id());
        run(
            &server,
            format!("create database {name} template {TEMPLATE}"),
        )
        .await;
        Some(Self { server, name })
    }

    pub fn url(&self) -> String {
        let (server, _) = self.server.rsplit_once('/').unwrap();
        format!("{server}/{}", self.name)
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let drop = format!("drop database {} with (force)", self.name);
        let server = self.server.clone();
        // The runtime of the test may be about to end.
        let thread = std::thread::spawn(move || {
            tokio::runtime::Runtime::new()
                .unwrap()
                .block_on(run(&server, drop));
        });
        assert!(thread.join().is_ok() || std::thread::panicking());
    }
}

async fn run(server: &str, statement: String) {
    let database = Database::postgres(server).await.unwrap();
    let mut session = database.read().await.unwrap();
    session.execute(sql(statement)).await.unwrap();
    drop(session);
    database.close().await;
}
