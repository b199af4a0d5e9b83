//! Jobs on a remote system that outlive the task's process: submitted once, however often the process dies.
//!
//! A task that submits a Spark job, a query or a container and waits for it must not submit a second one when its
//! process is killed and Airflow tries again. Implement [`ResumableJob`] for the remote system, and run it with
//! [`Context::run_job`](crate::Context::run_job) or, with settings, with [`Resumable`]:
//!
//! ```
//! use std::time::Duration;
//!
//! use aileron::jobs::{Polling, Resumable, ResumableJob, Token, TokenSupport};
//! use aileron::prelude::*;
//!
//! /// A query on a warehouse that takes a token with each query.
//! struct Query {
//!     sql: String,
//! }
//!
//! impl ResumableJob for Query {
//!     type Id = String;
//!     type Status = &'static str;
//!     type Output = u64;
//!
//!     fn token_support(&self) -> TokenSupport {
//!         TokenSupport::Idempotent
//!     }
//!     async fn submit(&self, token: &Token) -> Result<String> {
//!         warehouse::start(&self.sql, token.as_str())
//!     }
//!     async fn status(&self, id: &String) -> Result<Option<&'static str>> {
//!         warehouse::status(id)
//!     }
//!     fn is_active(&self, status: &&'static str) -> bool {
//!         matches!(*status, "QUEUED" | "RUNNING")
//!     }
//!     fn is_succeeded(&self, status: &&'static str) -> bool {
//!         *status == "DONE"
//!     }
//!     async fn result(&self, id: &String) -> Result<u64> {
//!         warehouse::rows(id)
//!     }
//! }
//!
//! #[task(retries = 3)]
//! async fn count_orders(cx: &Context) -> Result<u64> {
//!     let query = Query { sql: "select * from orders".into() };
//!     cx.run_job(query).await
//! }
//!
//! /// The same with settings.
//! #[task(retries = 3)]
//! async fn count_customers(cx: &Context) -> Result<u64> {
//!     let query = Query { sql: "select * from customers".into() };
//!     let polling = Polling::new().first(Duration::from_millis(20));
//!     Resumable::new(query).id_key("query_id").polling(polling).run(cx).await
//! }
//! # fn main() -> Result<()> {
//! # let rt = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
//! # rt.block_on(async {
//! let airflow = aileron::testing::Airflow::new();
//! assert_eq!(count_customers::run(&airflow.context("count_customers")).await?, 7);
//! # Ok(()) })
//! # }
//! # mod warehouse {
//! #     use aileron::Result;
//! #     pub fn start(_: &str, _: &str) -> Result<String> { Ok("q-1".into()) }
//! #     pub fn status(_: &str) -> Result<Option<&'static str>> { Ok(Some("DONE")) }
//! #     pub fn rows(_: &str) -> Result<u64> { Ok(7) }
//! # }
//! ```
//!
//! # What a try does
//!
//! A record in the task state store, under the key [`DEFAULT_ID_KEY`], says what earlier tries have done.
//!
//! | The record | The remote system | This try |
//! |---|---|---|
//! | none | | stores an intent with a fresh token, submits, stores the id, waits, returns the result |
//! | an intent | [`TokenSupport::Idempotent`] | submits again with the same token: gets the same job |
//! | an intent | [`TokenSupport::Searchable`] | searches by the token; submits with the same token if nothing is found |
//! | an intent | [`TokenSupport::None`] | submits again, or fails: [`OnDoubt`] |
//! | an id | says the job is active | waits, returns the result |
//! | an id | says the job has succeeded | returns the result at once |
//! | an id | says the job has failed | as without a record, with a fresh token |
//! | an id | does not know the job | fails, or as without a record: [`OnUnknown`] |
//! | succeeded | is not asked for the status | returns the result |
//! | failed | is not asked | as without a record, with a fresh token |
//!
//! A job that fails while a try waits for it fails that try. The record says so, and the next try submits afresh.
//!
//! An id that stands alone, as Airflow's Python `ResumableJobMixin` stores it, counts as an id.
//!
//! # Guarantee
//!
//! A *logical job* is what one token names. A task has one, and one more each time its job has failed, was refused, or
//! was lost and [`OnUnknown::Resubmit`] is set. The guarantee holds for a kill (SIGKILL, a lost node) at any point.
//!
//! | The remote system | External jobs for each logical job |
//! |---|---|
//! | [`TokenSupport::Idempotent`] | exactly one, while the system remembers the token |
//! | [`TokenSupport::Searchable`] | exactly one, if a submission shows up in the search within the [`search_window`](Resumable::search_window) or never takes effect |
//! | [`TokenSupport::None`], [`OnDoubt::Resubmit`] | at least one; at most one more for each kill, or error of `submit`, between submitting and storing the id |
//! | [`TokenSupport::None`], [`OnDoubt::Fail`] | at most one; such a kill fails the task, and a person decides |
//! | any, `durable(false)` | one for each try |
//!
//! What else holds, with and without tokens:
//!
//! - Nothing is submitted before the intent is stored. A store that cannot be reached, or that holds something else
//!   under the key, fails the try before anything is submitted.
//! - The record does not expire before a try has the job's result. From then on it is kept for Airflow's default
//!   retention, so that a kill before the task is reported as successful does not run the job again.
//! - A try that goes on with a job returns that job's result.
//!
//! What does not hold: two processes of one task instance at the same time are Airflow's to prevent. When a person clears
//! a task instance, Airflow 3.4 deletes the record (unless `keep_task_state` is set), and the next try submits a new job.
//! Airflow 3.3 keeps it: a task that has succeeded and is cleared gets the result of the same job again. To run the job
//! again there, delete the key, or set Airflow's `[state_store] clear_on_success`.

mod driver;
mod error;
mod job;
mod machine;
#[cfg(test)]
mod machine_tests;
mod polling;
mod record;
mod resumable;
mod store;
mod token;

pub use error::JobError;
pub use job::ResumableJob;
pub use polling::{Polling, Polls};
pub use resumable::{DEFAULT_ID_KEY, OnDoubt, OnUnknown, Resumable};
pub use token::{Token, TokenSupport};
