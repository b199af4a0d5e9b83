"""The Dags of a file as Airflow understands them: `bundle_dags.py FILE` imports and serialises them and prints JSON."""

from __future__ import annotations

import json
import pathlib
import sys
import warnings

from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization


def main(file: pathlib.Path) -> dict:
    sys.path.append(str(file.parent))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        bag = DagBag(dag_folder=str(file), known_pools={"default_pool"}, bundle_path=file.parent, bundle_name="test")
    ours = [str(w.message) for w in caught if w.filename == str(file)]
    return {
        "import_errors": bag.import_errors,
        "warnings": ours,
        "dags": {dag_id: described(dag) for dag_id, dag in bag.dags.items()},
    }


def described(dag) -> dict:
    serialised = DagSerialization.to_dict(dag)
    bindings = {}
    for entry in serialised["dag"]["tasks"]:
        task = entry["__var"]
        bindings[task["task_id"]] = task.get("_arg_bindings", task.get("arg_bindings"))
    return {
        "schedule": dag.schedule,
        "start_date": dag.start_date and dag.start_date.isoformat(),
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "tags": sorted(dag.tags),
        "doc_md": dag.doc_md,
        "tasks": {task.task_id: task_described(task, bindings[task.task_id]) for task in dag.tasks},
    }


def task_described(task, bindings) -> dict:
    return {
        "stub": bool(getattr(task, "is_stub", False)),
        "queue": task.queue,
        "upstream": sorted(task.upstream_task_ids),
        "retries": task.retries,
        "retry_delay": task.retry_delay.total_seconds(),
        "execution_timeout": task.execution_timeout and task.execution_timeout.total_seconds(),
        "pool": task.pool,
        "priority_weight": task.priority_weight,
        "trigger_rule": str(task.trigger_rule.value),
        "owner": task.owner,
        "depends_on_past": task.depends_on_past,
        "doc_md": task.doc_md,
        "arg_bindings": bindings,
    }


if __name__ == "__main__":
    print(json.dumps(main(pathlib.Path(sys.argv[1]).resolve())))
