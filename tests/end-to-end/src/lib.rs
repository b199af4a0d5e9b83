//! Running tests against a real Airflow.
