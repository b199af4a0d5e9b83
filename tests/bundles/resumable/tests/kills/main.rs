//! What becomes of a resumable job when its task is killed, shown with processes: a bundle, a job service, and a stand-in
//! for Airflow.

// Clippy sees tests only in functions marked so, not in what they are made of.
#![allow(clippy::unwrap_used)]

mod harness;
mod service;
mod supervisor;
mod tries;
