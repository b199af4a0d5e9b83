//! `aileron serve` beside one worker of Airflow's own API server, and beside pgbench with the same statements.

mod load;
mod ours;
mod pgbench;
mod rows;
mod statements;

use std::sync::Arc;

use anyhow::{Context, Result};
use end_to_end::{ApiWorker, PostgresDatabase};

use super::row::Row;
use super::{Bench, PEER};
use crate::environment;
use crate::progress::say;
use load::{Load, Server, Window};
use ours::Ours;
use pgbench::Script;
use rows::Cell;

/// Task instances in the database: [`load::RUNS`] that run, and enough queued ones for a few seconds.
const TASKS: u32 = 60_000;

const FILL: &str = include_str!("../../../../tests/bundles/bench/sql/serve.sql");
const RESET: &str = include_str!("../../../../tests/bundles/bench/sql/serve_reset.sql");

/// What is asked.
#[derive(Debug, Clone, Copy)]
struct Operation {
    /// For people.
    name: &'static str,
    /// For the load generator.
    key: &'static str,
    /// Requests of one turn.
    requests: u32,
}

const OPERATIONS: [Operation; 7] = [
    operation("XCom get", "xcom-get", 1),
    operation("XCom set", "xcom-set", 1),
    operation("Variable get", "variable-get", 1),
    operation("task store get", "store-get", 1),
    operation("task store put", "store-put", 1),
    operation("heartbeat", "heartbeat", 1),
    operation("run and success", "run-success", 2),
];

const fn operation(name: &'static str, key: &'static str, requests: u32) -> Operation {
    Operation {
        name,
        key,
        requests,
    }
}

const CONNECTIONS: [u32; 2] = [16, 256];

pub(super) fn run(bench: &mut Bench) -> Result<Vec<Row>> {
    let postgres = environment::Postgres::prepare()?.start()?;
    let database = Arc::new(postgres.database(PEER)?);
    database.sql(&FILL.replace("TASKS", &TASKS.to_string()))?;
    reset(&database)?;
    say("starting Airflow's API server with one worker");
    let worker = ApiWorker::start(PEER, &database, &ours::variables())?;
    let theirs = Server {
        address: worker.address(),
        processes: worker.processes()?,
    };
    let load = Load::new(&bench.programs.load, TASKS);
    // By Airflow: everybody reads what it has written.
    load.prepare(&theirs).with_context(|| worker.log())?;
    let scripts = scripts(bench, &load, &database)?;
    let ours = Ours::start(&bench.programs.aileron, &database)?;
    let mut cells = Vec::new();
    for connections in CONNECTIONS {
        for (operation, script) in OPERATIONS.iter().zip(&scripts) {
            say(format!("{}, {connections} connections", operation.name));
            let window = Window {
                connections,
                warm_up: 1.0,
                seconds: if bench.quick { 1.0 } else { 4.0 },
            };
            // Of many requests at once it answers none for a while.
            let long = Window {
                warm_up: 3.0,
                seconds: if bench.quick { 4.0 } else { 8.0 },
                ..window
            };
            reset(&database)?;
            let airflow = load
                .run(*operation, &theirs, &long)
                .with_context(|| worker.log())?;
            reset(&database)?;
            let aileron = load
                .run(*operation, ours.server(), &window)
                .with_context(|| ours.log())?;
            reset(&database)?;
            let requests = f64::from(operation.requests);
            // Twice as much: it has less to do.
            let each = 2.0 * aileron.requests / requests / f64::from(connections);
            let played = script.run(&database, connections, each.ceil() as u64)?;
            let pgbench = played * requests;
            cells.push(Cell {
                operation: *operation,
                connections,
                airflow,
                aileron,
                pgbench,
            });
        }
    }
    Ok(rows::of(&cells))
}

/// The database as at the beginning, without what the last measurement left to clean up.
fn reset(database: &PostgresDatabase) -> Result<()> {
    database.sql(RESET)?;
    database.sql("vacuum analyze")?;
    Ok(())
}

/// What each operation says to PostgreSQL, read from the server's log.
fn scripts(bench: &Bench, load: &Load, database: &PostgresDatabase) -> Result<Vec<Script>> {
    let name = database.name();
    database.sql(&format!("alter database {name} set log_statement = 'all'"))?;
    let ours = Ours::start(&bench.programs.aileron, database)?;
    // Opens the connection, and prepares what is not part of a request.
    load.once(OPERATIONS[2], ours.server())?;
    // So that the task instance that is looked at can be started.
    database.sql("update task_instance set state = 'running' where map_index = 0")?;
    let scripts = OPERATIONS.iter().map(|operation| {
        if operation.requests > 1 {
            database.sql("update task_instance set state = 'queued' where map_index = 0")?;
        }
        let before = database.server().log().len();
        load.once(*operation, ours.server())
            .with_context(|| ours.log())?;
        let log = database.server().log();
        let statements = statements::read(log.get(before..).unwrap_or_default());
        Script::of(operation, &statements)
    });
    let scripts = scripts.collect();
    database.sql(&format!("alter database {name} reset log_statement"))?;
    scripts
}
