"""A Dag with a run, and state that Airflow's own backend writes for it, in the database of Airflow's configuration.

Usage: state_rows.py write | read

`read` prints all state as that backend reads it, as one JSON object.
"""

import datetime
import json
import sys

from airflow.models.asset import AssetModel
from airflow.models.dagbundle import DagBundleModel
from airflow.models.serialized_dag import SerializedDagModel
from airflow.models.taskinstance import TaskInstance
from airflow.sdk import DAG, Asset, task
from airflow.serialization.definitions.dag import SerializedDAG
from airflow.serialization.serialized_objects import LazyDeserializedDAG
from airflow.state import AssetScope, TaskScope
from airflow.state.metastore import MetastoreBackend
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from sqlalchemy import select

RUN = "manual__2026-06-03T18:21:00+00:00"

with DAG("slow", schedule=None) as dag:

    @task(retries=3, retry_delay=datetime.timedelta(days=20), outlets=[Asset(name="prices", uri="s3://shop/prices")])
    def patient():
        """Waits longer for its retries than its state is kept."""

    @task
    def mapped(x):
        """Has three instances."""

    patient()
    mapped.expand(x=[1, 2, 3])


def backend():
    return MetastoreBackend()


def scope(task_id, map_index):
    names = {"dag_id": "slow", "run_id": RUN, "task_id": task_id}
    if hasattr(TaskInstance, "region_index"):
        with create_session() as session:
            where = (TaskInstance.task_id == task_id, TaskInstance.region_index == map_index)
            region = session.scalar(select(TaskInstance.region_id).where(*where))
        return TaskScope(**names, region_id=region, region_index=map_index)
    return TaskScope(**names, map_index=map_index)


def in_days(days):
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)


def write():
    with create_session() as session:
        session.add(DagBundleModel(name="test"))
        session.flush()
        SerializedDAG.bulk_write_to_db("test", None, [dag], session=session)
        SerializedDagModel.write_dag(LazyDeserializedDAG.from_dag(dag), "test", session=session)
    with create_session() as session:
        SerializedDagModel.get_dag("slow", session=session).create_dagrun(
            run_id=RUN,
            run_after=in_days(0),
            run_type=DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.TEST,
            state=DagRunState.RUNNING,
            session=session,
        )
    with create_session() as session:
        for ti in session.scalars(select(TaskInstance).where(TaskInstance.task_id == "mapped")):
            ti.state = TaskInstanceState.SUCCESS
    store = backend()
    store.set(scope("patient", -1), "job", json.dumps({"id": 7, "é": "ü"}), expires_at=in_days(30))
    store.set(scope("patient", -1), "mail\x1b]0;title\x07", json.dumps("old"), expires_at=in_days(-1))
    for index in range(3):
        store.set(scope("mapped", index), "page", json.dumps(index), expires_at=None)
        store.set(scope("mapped", index), "token", json.dumps("hunter2"), expires_at=in_days(-2))
    with create_session() as session:
        asset = session.scalar(select(AssetModel.id).where(AssetModel.name == "prices"))
    from airflow._shared.state import AssetStateStoreWriterKind

    for kind, key, names in (
        ("TASK", "watermark", {"dag_id": "slow", "run_id": RUN, "task_id": "mapped", "map_index": 1}),
        ("WATCHER", "seen", {}),
    ):
        store.set_asset_state_store(AssetScope(asset_id=asset), key, json.dumps([1, 2]), kind=AssetStateStoreWriterKind[kind], **names)


def read():
    from airflow.models.asset_state_store import AssetStateStoreModel
    from airflow.models.task_state_store import TaskStateStoreModel

    with create_session() as session:
        tasks = session.scalars(select(TaskStateStoreModel)).all()
        assets = session.scalars(select(AssetStateStoreModel)).all()
        place = "map_index" if hasattr(TaskStateStoreModel, "map_index") else "region_index"
        found = {
            "tasks": sorted([t.task_id, getattr(t, place), t.key, json.loads(t.value), bool(t.expires_at)] for t in tasks),
            "assets": sorted([a.key, json.loads(a.value), a.last_updated_by_kind, a.last_updated_by_task_id] for a in assets),
        }
    print(json.dumps(found))


{"write": write, "read": read}[sys.argv[1]]()
