-- Task instances as they were before anybody started or ended them.
update task_instance set state = 'queued', start_date = null, end_date = null, duration = null, hostname = '', unixname = null,
    pid = null, last_heartbeat_at = null
where state <> 'queued';
update task_instance set state = 'running', start_date = now(), hostname = 'bench', unixname = 'airflow', pid = 4711
where map_index = 0;
delete from log;
