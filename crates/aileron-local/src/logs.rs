//! Where the log of a try lies.

use std::path::{Path, PathBuf};

/// The log file of a try, in the layout of Airflow 3.3.2 (`[logging] log_filename_template`).
#[must_use]
pub fn log_file(
    logs: &Path,
    dag_id: &str,
    run_id: &str,
    task_id: &str,
    map_index: i64,
    try_number: i64,
) -> PathBuf {
    let mut path = logs.join(format!("dag_id={dag_id}"));
    path.push(format!("run_id={run_id}"));
    path.push(format!("task_id={task_id}"));
    if map_index >= 0 {
        path.push(format!("map_index={map_index}"));
    }
    path.push(format!("attempt={try_number}.log"));
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_lie_where_airflow_looks_for_them() {
        let path = |map_index| log_file(Path::new("logs"), "d", "r", "t", map_index, 2);
        assert_eq!(
            path(-1),
            Path::new("logs/dag_id=d/run_id=r/task_id=t/attempt=2.log")
        );
        assert_eq!(
            path(0),
            Path::new("logs/dag_id=d/run_id=r/task_id=t/map_index=0/attempt=2.log")
        );
    }
}
