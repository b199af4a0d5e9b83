//! `aileron xcom pull` on metadata databases that a real Airflow 2.11 and 3.3.2 have filled with real runs.
#![allow(clippy::unwrap_used)]

mod kinds;
mod log;
mod pod;
mod reader;
mod rest;
mod wide;
