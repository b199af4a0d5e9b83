//! Which environment variables a task gets.
//!
//! A task inherits the environment of its supervisor, as under Airflow, but for what would let it speak for others: the keys
//! that sign tokens and sessions, the metadata database, the message broker. Airflow's own supervisor passes those on. A task
//! that really needs one can be given it again with [`TaskCommand::variables`](crate::TaskCommand::variables).

/// The options that are kept back, by the names of their variables. A name that ends in `*` stands for all that begin so,
/// and each with `_CMD` or `_SECRET` behind it is kept back too.
const KEPT_BACK: &[&str] = &[
    "AIRFLOW__API_AUTH__*",
    "AIRFLOW__API__SECRET_KEY",
    "AIRFLOW__CELERY__BROKER_URL",
    "AIRFLOW__CELERY__FLOWER_BASIC_AUTH",
    "AIRFLOW__CELERY__RESULT_BACKEND",
    "AIRFLOW__CORE__FERNET_KEY",
    "AIRFLOW__CORE__INTERNAL_API_SECRET_KEY",
    "AIRFLOW__CORE__SQL_ALCHEMY_CONN",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN*",
    "AIRFLOW__EXECUTION_API__JWT_*",
    "AIRFLOW__SECRETS__BACKEND_KWARGS",
    "AIRFLOW__WEBSERVER__SECRET_KEY",
    "AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS",
];

/// Whether a task must not get the variable.
pub(super) fn is_kept_back(name: &str) -> bool {
    let plain = name
        .strip_suffix("_CMD")
        .or_else(|| name.strip_suffix("_SECRET"));
    KEPT_BACK.iter().any(|kept| match kept.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == *kept || plain == Some(kept),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_the_database_are_kept_back_however_they_are_given() {
        for name in [
            "AIRFLOW__API_AUTH__JWT_SECRET",
            "AIRFLOW__API_AUTH__JWT_PRIVATE_KEY_PATH",
            "AIRFLOW__API__SECRET_KEY",
            "AIRFLOW__API__SECRET_KEY_CMD",
            "AIRFLOW__CORE__FERNET_KEY_SECRET",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC_CMD",
        ] {
            assert!(is_kept_back(name), "{name}");
        }
        for name in [
            "PATH",
            "AIRFLOW__CORE__DAGS_FOLDER",
            "AIRFLOW_CONN_MY_DB",
            "MY_SECRET",
        ] {
            assert!(!is_kept_back(name), "{name}");
        }
    }
}
