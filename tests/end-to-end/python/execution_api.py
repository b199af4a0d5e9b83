"""Serves the Execution API of this Airflow alone, on a metadata database with one Dag, and makes runs of it on demand.

Usage: execution_api.py PORT keep|remove. The Dags folder, the database and the secrets come from the environment.

Each line on standard input is the id of a run to make; the answer is one line of JSON with the workload of every task
instance, all of them queued. It ends with its standard input, which is closed even when the owner is killed. With `remove`
it then deletes its AIRFLOW_HOME.
"""

import json
import os
import shutil
import sys
import threading

import uvicorn
from airflow.api.common.trigger_dag import trigger_dag
from airflow.api_fastapi.app import create_app
from airflow.api_fastapi.auth.tokens import JWTGenerator, get_signing_args
from airflow.configuration import conf
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
from airflow.executors.workloads import ExecuteTask
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType
from sqlalchemy import select

DAG_ID = "execution_api"


def store_dags():
    manager = DagBundlesManager()
    manager.sync_bundles_to_db()
    for bundle in manager.get_all_dag_bundles():
        bundle.initialize()
        bag = BundleDagBag(dag_folder=bundle.path, bundle_path=bundle.path, bundle_name=bundle.name)
        if bag.import_errors:
            raise SystemExit(f"the Dags cannot be read: {bag.import_errors}")
        sync_bag_to_db(bag, bundle.name, bundle.version)


def make_run(run_id):
    generator = JWTGenerator(
        valid_for=600,
        audience=conf.get_mandatory_list_value("execution_api", "jwt_audience")[0],
        **get_signing_args(make_secret_key_if_needed=False),
    )
    with create_session() as session:
        run = trigger_dag(
            DAG_ID, triggered_by=DagRunTriggeredByType.TEST, run_id=run_id, conf={"n": 1}, session=session
        )
        run.state = DagRunState.RUNNING
        instances = session.scalars(
            select(TaskInstance).where(TaskInstance.dag_id == DAG_ID, TaskInstance.run_id == run_id)
        ).all()
        for instance in instances:
            instance.state = "queued"
            instance.try_number = 1
        session.flush()
        made = [ExecuteTask.make(instance, generator=generator) for instance in instances]
        return [json.loads(workload.model_dump_json()) for workload in made]


def main():
    # Airflow writes to the standard output too.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    store_dags()
    server = uvicorn.Server(
        uvicorn.Config(create_app(apps="execution"), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
    )
    threading.Thread(target=server.run, daemon=True).start()
    for line in sys.stdin:
        print(json.dumps(make_run(line.strip())), file=answers, flush=True)
    if sys.argv[2] == "remove":
        shutil.rmtree(os.environ["AIRFLOW_HOME"], ignore_errors=True)
    # Nobody reads what Airflow has to say about connections that are still open.
    os._exit(0)


if __name__ == "__main__":
    main()
