//! What is compared of the tables.

use end_to_end::AirflowVersion;

/// Queries whose answers are equal afterwards. They have an order, and leave out what is counted.
pub(crate) fn of(version: AirflowVersion) -> Vec<&'static str> {
    let own = match version {
        AirflowVersion::V3_3_2 => AIRFLOW_332,
        AirflowVersion::V3_4_0b2 => AIRFLOW_340,
    };
    EVERY.iter().chain(own).copied().collect()
}

/// Of every version.
const EVERY: &[&str] = &[
    "select key, description, is_encrypted, team_name from variable order by key",
    "select dag_id, task_id, map_index, event, run_id, owner, extra, try_number from log order by id",
    "select classpath, queue, team_name from trigger order by id",
    "select ti_id, start_date, end_date, reschedule_date from task_reschedule order by id",
    "select e.extra, e.source_task_id, e.source_dag_id, e.source_run_id, e.source_map_index, e.partition_key, a.name \
     from asset_event e join asset a on a.id = e.asset_id order by e.id",
    "select asset_id, target_dag_id from asset_dag_run_queue order by 1, 2",
    "select options, subject, body, defaults, multiple, params, assignees, responded_at, chosen_options, params_input \
     from hitl_detail order by ti_id",
    "select dag_id, run_id, state, run_type, triggered_by, triggering_user_name, conf, logical_date, data_interval_start, \
     data_interval_end, clear_number, partition_key from dag_run order by id",
    "select content from dag_run_note order by dag_run_id",
    "select asset_id, key, value, last_updated_by_kind, last_updated_by_dag_id, last_updated_by_run_id, \
     last_updated_by_task_id, last_updated_by_map_index from asset_state_store order by asset_id, key",
    "select name, uri from asset_active order by name, uri",
    "select conn_id, conn_type, host, schema, login, port, password is null, is_encrypted, extra is null, \
     is_extra_encrypted, team_name from connection order by conn_id",
    "select id, connection_id, state, active_connection_id, updated_at > created_at from connection_test_request order by id",
];

/// Of 3.3.2 alone.
const AIRFLOW_332: &[&str] = &[
    "select task_id, map_index, start_date, end_date, duration > 0, state, try_number, max_tries, hostname, unixname, pid, \
     last_heartbeat_at is null, rendered_map_index, trigger_id is null, trigger_timeout is null, next_method, next_kwargs, \
     retry_delay_override, retry_reason from task_instance order by run_id, task_id, map_index",
    "select task_id, map_index, try_number, start_date, end_date, state, rendered_map_index, retry_reason \
     from task_instance_history order by run_id, task_id, map_index, try_number",
    "select task_id, map_index, key, dag_result, value from xcom order by run_id, task_id, map_index, key",
    "select task_id, map_index, length, keys from task_map order by run_id, task_id, map_index",
    "select task_id, map_index, rendered_fields from rendered_task_instance_fields order by run_id, task_id, map_index",
    "select task_id, map_index, key, value, expires_at from task_state_store order by run_id, task_id, map_index, key",
];

/// Of 3.4.0b2 alone.
const AIRFLOW_340: &[&str] = &[
    "select task_id, region_index, region_id, working_set, archived_reason, start_date, end_date, duration > 0, state, \
     try_number, max_tries, hostname, unixname, pid, last_heartbeat_at is null, rendered_map_index, trigger_id is null, \
     trigger_timeout is null, next_method, next_kwargs, external_executor_id, retry_delay_override, retry_reason \
     from task_instance order by run_id, task_id, region_index, try_number, working_set, archived_reason, state, next_method",
    "select t.task_id, t.region_index, t.try_number, x.key, x.dag_result, x.value, x.mapped_length \
     from xcom_v2 x join task_instance t on t.id = x.task_instance_id order by t.run_id, 1, 2, 3, 4",
    "select dag_id, task_id, run_id, key, value from xcom_v1 order by 1, 2, 3, 4",
    "select t.task_id, t.region_index, t.try_number, r.rendered_fields, r.k8s_pod_yaml \
     from rtif_v2 r join task_instance t on t.id = r.task_instance_id order by t.run_id, 1, 2, 3",
    "select task_id, region_index, region_id, key, value, expires_at from task_state_store order by run_id, task_id, region_index, key",
    "select id, state from callback order by id",
    "select event, task_instance_id, team_name from log order by id",
    "select source_task_instance_id from asset_event order by id",
    "select asset_event_id, target_dag_id from asset_dag_run_queue order by 1, 2",
    "select key, last_updated_by_task_instance_id, last_updated_by_region_id, last_updated_by_region_index, \
     last_updated_by_try_number from asset_state_store order by asset_id, key",
];
