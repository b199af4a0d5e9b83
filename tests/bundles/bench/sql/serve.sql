-- What `bench-load` asks about: one Dag, 256 runs of it, and TASKS instances of its task. Instance N has N in its id, is in run
-- N % 256 and has the map index N / 256. The first 256 run; the others are queued.
insert into dag_bundle (name, active) values ('bench', true);
insert into dag (dag_id, is_paused, is_stale, bundle_name, owners, fileloc, timetable_type, max_active_tasks,
    max_consecutive_failed_dag_runs, has_task_concurrency_limits, partition_mapper_info)
values ('bench', false, false, 'bench', 'bench', '/bench.py', '', 16, 0, false, '{}');
insert into dag_version (id, version_number, dag_id, bundle_name, created_at, last_updated)
values ('00000000-0000-7000-9000-000000000000', 1, 'bench', 'bench', now(), now());
insert into dag_run (id, dag_id, run_id, run_type, run_after, logical_date, queued_at, start_date, state, conf,
    created_dag_version_id)
select 1000000 + n, 'bench', 'run_' || n, 'manual', now(), timestamptz '2026-01-01' + n * interval '1 day', now(), now(), 'running', '{}',
    '00000000-0000-7000-9000-000000000000'
from generate_series(0, 255) n;
insert into task_instance (id, task_id, dag_id, run_id, map_index, try_number, max_tries, pool, pool_slots, queue, priority_weight,
    operator, state, dag_version_id)
select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'work', 'bench', 'run_' || n % 256, n / 256, 1, 2,
    'default_pool', 1, 'default', 1, 'work', 'queued', '00000000-0000-7000-9000-000000000000'
from generate_series(0, TASKS - 1) n;
