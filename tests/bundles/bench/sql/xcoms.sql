-- 1,000,000 XComs of one Dag: 80 runs with 10,000 cells of a mapped task each, and one run with 200,000. Their task instances are left out,
-- as nobody reads them here.
insert into dag_bundle (name) values ('b');
insert into dag (dag_id, is_paused, is_stale, bundle_name, timetable_type, partition_mapper_info, max_active_tasks,
    max_consecutive_failed_dag_runs, has_task_concurrency_limits)
    values ('wide', false, false, 'b', '', '{}', 16, 0, false);
insert into dag_run (dag_id, run_id, run_type, run_after, logical_date, start_date, end_date, state)
    select 'wide', 'run_' || n, 'manual', at, at, at, at + interval '1 minute', 'success'
    from (select n, timestamptz '2026-01-01' + n * interval '1 day' as at from generate_series(1, 81) n) runs;
set session_replication_role = replica;
insert into xcom (dag_run_id, task_id, map_index, key, dag_id, run_id, value, timestamp)
    select r.id, 'discriminate_cell', cell, 'return_value', 'wide', r.run_id,
        jsonb_build_object('crypto', 'c' || cell, 'auc_by_seed', jsonb_build_array(cell / 1e6, 0.25, 0.5, 0.75, 1)),
        r.start_date + cell * interval '1 millisecond'
    from dag_run r, generate_series(0, case r.run_id when 'run_81' then 199999 else 9999 end) cell;
reset session_replication_role;
analyze xcom;
analyze dag_run;
