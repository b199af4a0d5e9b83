"""Runs of a Dag, and XComs of theirs in the database of Airflow's configuration, some of them in objects of its XCom backend.

Usage: xcom_rows.py before | after | read

`before` is for Airflow 3.3 and `after` for the same database in Airflow 3.4, with rows for which 3.3 has no place. `read` is for 3.4
and prints what its own backend makes of every XCom, as one JSON object.
"""

import datetime
import json
import sys

from airflow.models.dagbundle import DagBundleModel
from airflow.models.serialized_dag import SerializedDagModel
from airflow.models.taskinstance import TaskInstance
from airflow.sdk import DAG, task
from airflow.sdk.execution_time.xcom import XCom as backend
from airflow.serialization.definitions.dag import SerializedDAG
from airflow.serialization.serialized_objects import LazyDeserializedDAG
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from sqlalchemy import select

with DAG("shop", schedule=None) as dag:

    @task
    def rows():
        """Gives a large value."""

    @task
    def page(x):
        """Has two instances."""

    rows()
    page.expand(x=[1, 2])


def write_dag():
    with create_session() as session:
        if session.get(DagBundleModel, "test") is None:
            session.add(DagBundleModel(name="test"))
            session.flush()
        SerializedDAG.bulk_write_to_db("test", None, [dag], session=session)
        SerializedDagModel.write_dag(LazyDeserializedDAG.from_dag(dag), "test", session=session)


def start_run(run_id, state):
    with create_session() as session:
        SerializedDagModel.get_dag("shop", session=session).create_dagrun(
            run_id=run_id,
            run_after=datetime.datetime.now(datetime.timezone.utc),
            run_type=DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.TEST,
            state=state,
            session=session,
        )
    with create_session() as session:
        for ti in session.scalars(select(TaskInstance).where(TaskInstance.run_id == run_id)):
            ti.state = TaskInstanceState.SUCCESS


def value(run_id, task_id, index):
    """More than the threshold, but for the second instance."""
    return {"of": [run_id, task_id, index], "padding": "ü" * (200 if index < 1 else 1)}


INSTANCES = (("rows", -1), ("page", 0), ("page", 1))


def before():
    from airflow.models.xcom import XComModel

    write_dag()
    for run_id, state in (("ended", DagRunState.SUCCESS), ("old", DagRunState.RUNNING)):
        start_run(run_id, state)
        for task_id, index in INSTANCES:
            names = {"key": "return_value", "dag_id": "shop", "run_id": run_id, "task_id": task_id, "map_index": index}
            stored = backend.serialize_value(value(run_id, task_id, index), **names)
            with create_session() as session:
                XComModel.set(value=stored, serialize=False, session=session, **names)


def push(session, ti, told):
    from airflow.models.xcom import XComModel
    from airflow.sdk.bases.xcom import XComCoordinate

    coordinate = XComCoordinate("shop", ti.run_id, ti.task_id, ti.id, ti.region_id, ti.region_index)
    stored = backend.store_value(coordinate, "return_value", told)
    XComModel.set_for_attempt(task_instance_id=ti.id, key="return_value", value=stored, serialize=False, session=session)


def after():
    write_dag()
    start_run("new", DagRunState.RUNNING)
    with create_session() as session:
        for ti in session.scalars(select(TaskInstance).where(TaskInstance.run_id == "new")):
            push(session, ti, value("new", ti.task_id, ti.region_index))
    # `rows` is tried again: its first try keeps its row and its object.
    with create_session() as session:
        first = session.scalar(select(TaskInstance).where(TaskInstance.run_id == "new", TaskInstance.task_id == "rows"))
        push(session, first.prepare_db_for_next_try(session), value("new", "rows", -1) | {"try": 2})


def read():
    from airflow.models.xcom import XComModelV1, XComModelV2

    found = {}
    with create_session() as session:
        for row in session.scalars(select(XComModelV1)):
            found[f"{row.run_id}/{row.task_id}/{row.map_index}"] = [row.value, backend.load_value(row.value)]
        tries = select(XComModelV2, TaskInstance).join(TaskInstance, TaskInstance.id == XComModelV2.task_instance_id)
        for row, ti in session.execute(tries.execution_options(include_all_attempts=True)):
            name = f"{ti.run_id}/{ti.task_id}/{ti.region_index}" + ("" if ti.working_set else "/earlier")
            found[name] = [row.value, backend.load_value(row.value)]
    print(json.dumps(found))


{"before": before, "after": after, "read": read}[sys.argv[1]]()
