"""What Airflow reads in the database of AIRFLOW_HOME, and how it serialises the Dags of a file: `metastore_dags.py FILE`."""

import contextlib
import io
import json
import pathlib
import sys

from airflow.cli import cli_parser
from airflow.dag_processing.dagbag import DagBag
from airflow.models.serialized_dag import SerializedDagModel
from airflow.serialization.serialized_objects import DagSerialization
from airflow.utils import db
from airflow.utils.session import create_session

COMMANDS = {
    "dags": ["dags", "list", "--output", "json"],
    "runs": ["dags", "list-runs", "shop", "--output", "json"],
    "states": ["tasks", "states-for-dag-run", "shop", "r", "--output", "json"],
}


def command(arguments):
    """What an `airflow` command prints, run in this process: starting another takes seconds."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        parsed = cli_parser.get_parser().parse_args(arguments)
        parsed.func(parsed)
    return json.loads(output.getvalue().strip().splitlines()[-1])


def stored():
    with create_session() as session:
        for model in session.scalars(SerializedDagModel._latest_by_version_select()):
            data = model.data
            yield model.dag_id, {
                "data": data,
                "hash": model.dag_hash,
                "hash_of_data": SerializedDagModel.hash(data),
                "tasks": sorted(task.task_id for task in model.dag.tasks),
            }


def parsed(file):
    bag = DagBag(dag_folder=str(file), bundle_path=file.parent, bundle_name="test")
    return {dag_id: DagSerialization.to_dict(dag) for dag_id, dag in bag.dags.items()}


def main():
    db.check_migrations(0)
    answer = {"stored": dict(stored()), "parsed": parsed(pathlib.Path(sys.argv[1]))}
    answer.update((name, command(arguments)) for name, arguments in COMMANDS.items())
    print(json.dumps(answer))


main()
