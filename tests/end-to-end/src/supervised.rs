//! One bundle task under Airflow's own supervisor code, without the rest of Airflow.
