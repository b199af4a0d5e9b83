//! Reaching a live Airflow deployment to look at it.
//!
//! The metadata database of a deployment often lies in a private network that a laptop does not see. There are three ways to what
//! it holds, and [`Deployment`] is all of them:
//!
//! | Way | Type | Needs |
//! |---|---|---|
//! | a probe in the scheduler's pod | [`Kubectl`], an [`Exec`] | a working `kubectl`; Python with SQLAlchemy in the container |
//! | a probe through any other command | [`Exec`]: `docker exec -i NAME`, `ssh HOST`, `python3` | the same |
//! | the database itself | [`Database`] | PostgreSQL or SQLite, within reach |
//! | Airflow's REST API | [`RestApi`] | a token |
//!
//! Everything here reads only. The connection to the database is read-only, each statement has a time limit, and what a caller
//! gives is bound. The connection string stays where it is: a probe reads it from the environment of its process, and not even
//! an error text of a driver brings it here.
//!
//! What goes wrong is a [`Failure`]: each kind has its own message and its own [exit code](Failure::exit_code).
//!
//! # A probe of one's own
//!
//! A [`Probe`] is Python text with a function `probe(request, database)` that yields values of JSON. [`Exec::run`] sends it, with
//! the request, to a Python elsewhere, and gives what it yields, one [`Rows::next`] after the other.
//!
//! ```no_run
//! # async fn example() -> Result<(), aileron_deployment::Failure> {
//! use aileron_deployment::{Exec, Limits, Probe};
//! use serde_json::json;
//!
//! const COUNT: Probe = Probe::new("
//! def probe(request, database):
//!     # database() opens the metadata database of that Airflow, read-only.
//!     statement = 'SELECT count(*) AS n FROM dag_run WHERE state = :state'
//!     for row in database().rows(statement, {'state': request['state']}):
//!         yield row['n']
//! ");
//!
//! let exec = Exec::parse("docker exec -i scheduler")?;
//! let mut rows = exec.run(&COUNT, &json!({"state": "failed"}), &Limits::default()).await?;
//! while let Some(row) = rows.next().await? {
//!     let count: u64 = row.read()?;
//!     println!("{count} failed runs");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! `frame.py` in the sources of this crate says what a probe finds: `database().rows(..)` and `.dialect`, `timestamp(..)`,
//! `scrub(..)`, and `Refused(kind, message)` to raise; `base64`, `json`, `os`, `re`, `sys` and `time` are imported. A probe that never calls
//! `database()` needs neither SQLAlchemy nor a database.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod database;
mod deployment;
mod exec;
mod failure;
mod kubectl;
mod limits;
mod probe;
mod rest;
mod scrub;
mod xcom;

pub use database::Database;
pub use deployment::Deployment;
pub use exec::{Exec, Row, Rows};
pub use failure::{EXIT_CODES, Failure};
pub use kubectl::{Kubectl, Pod};
pub use limits::{Connection, Limits};
pub use probe::Probe;
pub use rest::{ApiVersion, Login, RestApi};
pub use scrub::scrub;
pub use xcom::{DagRun, DagRuns, Resolved, RunQuery, Stored, Stream, XCom, XComQuery, XComs};
