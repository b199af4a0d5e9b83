//! What is compared of the tables.

/// Queries whose answers are equal afterwards. They have an order, and leave out what is counted.
pub(crate) const TABLES: &[&str] = &[
    "select task_id, map_index, start_date, end_date, duration > 0, state, try_number, max_tries, hostname, unixname, pid, \
     last_heartbeat_at is null, rendered_map_index, trigger_id is null, trigger_timeout is null, next_method, next_kwargs, \
     retry_delay_override, retry_reason from task_instance order by task_id, map_index",
    "select task_id, map_index, try_number, start_date, end_date, state, rendered_map_index, retry_reason \
     from task_instance_history order by task_id, map_index, try_number",
    "select task_id, map_index, key, dag_result, value from xcom order by task_id, map_index, key",
    "select task_id, map_index, length, keys from task_map order by task_id, map_index",
    "select key, description, is_encrypted, team_name from variable order by key",
    "select dag_id, task_id, map_index, event, run_id, owner, extra, try_number from log order by id",
    "select classpath, queue, team_name from trigger order by id",
    "select ti_id, start_date, end_date, reschedule_date from task_reschedule order by id",
    "select task_id, map_index, rendered_fields from rendered_task_instance_fields order by task_id, map_index",
    "select e.extra, e.source_task_id, e.source_dag_id, e.source_run_id, e.source_map_index, e.partition_key, a.name \
     from asset_event e join asset a on a.id = e.asset_id order by e.id",
    "select asset_id, target_dag_id from asset_dag_run_queue order by 1, 2",
    "select options, subject, body, defaults, multiple, params, assignees, responded_at, chosen_options, params_input \
     from hitl_detail order by ti_id",
    "select dag_id, run_id, state, run_type, triggered_by, triggering_user_name, conf, logical_date, data_interval_start, \
     data_interval_end, clear_number, partition_key from dag_run order by id",
    "select content from dag_run_note order by dag_run_id",
    "select task_id, map_index, key, value, expires_at from task_state_store order by task_id, map_index, key",
    "select asset_id, key, value, last_updated_by_kind, last_updated_by_dag_id, last_updated_by_run_id, \
     last_updated_by_task_id, last_updated_by_map_index from asset_state_store order by asset_id, key",
    "select name, uri from asset_active order by name, uri",
];
