//! No acknowledged write lost, no task left running forever, no state invented: whatever is killed, locked, full or cut off.
//!
//! The tasks of `tests/bundles/chaos` write all the time and keep a record of their own. Each test makes trouble, lets the run
//! come to its end, and compares record and database. What is done when is chance; `AILERON_CHAOS_SEED` repeats it, and
//! `AILERON_CHAOS_SECONDS` makes each storm longer.

#[cfg(feature = "real-airflow")]
mod airflow;
mod api_server;
mod clock;
mod database;
mod full;
mod killed;
mod locked;
mod process;
mod promises;
mod proxy;
mod record;
mod seed;
mod served;
mod storm;
mod world;
