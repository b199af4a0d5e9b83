//! Apache Airflow tasks and Dags in Rust.
