//! Every operation of the client against the Execution API of a real Airflow, in every version.

#![allow(clippy::unwrap_used)]

mod assets;
mod dag_runs;
mod people;
mod run;
mod stores;
mod task_instances;
mod tokens;
mod versions;
mod xcoms;
