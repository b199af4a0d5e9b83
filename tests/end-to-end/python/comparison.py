"""Airflow's own Execution API in front of a SQLite database with a few Dags and runs, for comparisons with ours.

Usage: comparison.py COPY

Takes the database of AIRFLOW_HOME, fills it, and writes a copy of it to COPY. Then it serves the API and prints one JSON line
with the port and the ids of the task instances. The token of a request is the id of the task instance it speaks for.

After that it answers each line on standard input, `{"database": PATH, "query": SQL}`, with a line that holds the rows. When its
input ends, which it does even when the owner is killed, it deletes its AIRFLOW_HOME.
"""

import asyncio
import json
import logging
import os
import shutil
import socket
import sqlite3
import sys
import threading
import uuid
from datetime import datetime, timedelta, timezone

# Airflow logs to standard output, where the answers go.
ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import uvicorn
from airflow.api_fastapi.execution_api.app import InProcessExecutionAPI
from airflow.api_fastapi.execution_api.datamodels.token import TIClaims, TIToken
from airflow.api_fastapi.execution_api.security import _jwt_bearer
from airflow.models.connection import Connection
from airflow.models.dag import DagModel
from airflow.models.dag_version import DagVersion
from airflow.models.dagbundle import DagBundleModel
from airflow.models.serialized_dag import SerializedDagModel
from airflow.models.taskinstance import TaskInstance
from airflow.models.variable import Variable
from airflow.sdk import DAG, Asset, AssetAlias, XComArg, task, task_group
from airflow.sdk.bases.operator import BaseOperator
from airflow.serialization.definitions.dag import SerializedDAG
from airflow.serialization.serialized_objects import LazyDeserializedDAG
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, State
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from fastapi import Request

logging.disable(logging.CRITICAL)

BUNDLE = "comparison"
START = datetime(2026, 1, 1, tzinfo=timezone.utc)
ORDERS = Asset("orders", "s3://shop/orders", extra={"team": "shop"})
PRICES = Asset("prices", "s3://shop/prices", group="feeds")
DAILY = AssetAlias("daily")
RUNNING = {"one": ["running"], "many": ["running"] * 4, "wait": ["running"]}
STATES = {
    "r1": {"one": ["success"], "many": ["success"] * 4, "wait": ["success"]},
    "r2": {"one": ["failed"], "many": ["success", "skipped", "running", None], "wait": ["upstream_failed"]},
    "r3": RUNNING,
    # For a test that changes the ids of its task instances.
    "r4": {"one": ["failed"], "many": ["success", "skipped", "running", None], "wait": ["upstream_failed"]},
    "r5": RUNNING,
}

# Each for one task instance that lives: it is queued, and the tests speak for it.
LIVES = ["retried", "succeeded", "deferred", "rescheduled", "waiting", "removed", "failed", "nonsense", "asking"]


def dags():
    with DAG("daily", schedule="@daily", start_date=START, catchup=False) as daily:
        BaseOperator(task_id="only")
    yield daily
    with DAG("producer", schedule=None, start_date=START, tags=["b", "a"]) as producer:
        BaseOperator(task_id="one", outlets=[ORDERS, PRICES, DAILY], retries=2)
        BaseOperator(task_id="many")
        BaseOperator(task_id="wait")
    yield producer
    yield mapped()
    yield life()
    schedules = {
        "on_asset": [ORDERS],
        "on_alias": [DAILY],
        "on_name": [Asset.ref(name="prices")],
        "on_uri": [Asset.ref(uri="s3://shop/prices")],
        "paused": [ORDERS, DAILY],
    }
    for dag_id, schedule in schedules.items():
        with DAG(dag_id, schedule=schedule, start_date=START) as consumer:
            BaseOperator(task_id="read", inlets=schedule)
        yield consumer


def mapped():
    @task_group
    def group(value):
        BaseOperator(task_id="inner")

    with DAG("mapped", schedule=None, start_date=START) as dag:
        BaseOperator.partial(task_id="three", retries=1).expand(doc=["a", "b", "c"])
        BaseOperator.partial(task_id="six").expand(doc=("a", "b"), doc_md={"c": 1, "d": 2, "e": 3})
        BaseOperator.partial(task_id="two").expand_kwargs([{"doc": "a"}, {"doc": "b"}])
        BaseOperator.partial(task_id="none").expand(doc=[])
        only = BaseOperator(task_id="only")
        BaseOperator.partial(task_id="unknown").expand(doc=XComArg(only), doc_md=["a", "b"])
        group.expand(value=[1, 2])
    return dag


def life():
    # Of two assets of one name only one gets active.
    twins = [Asset(name="twin", uri="x://first"), Asset(name="twin", uri="x://second")]
    with DAG("life", schedule=None, start_date=START, tags=["b", "a"]) as dag:

        @task(retries=1, outlets=[Asset(name="reports", uri="file:///reports")], inlets=twins)
        def one():
            """Has retries and assets."""

        @task
        def two():
            """Has neither."""

        @task(outlets=[AssetAlias("any")])
        def after():
            """Comes after another."""

        @task
        def mapped(x):
            """Has three instances."""

        two() >> after()
        one()
        mapped.expand(x=[1, 2, 3])
    return dag


def begin_lives(ids, session):
    dag = SerializedDagModel.get_dag("life", session=session)
    for run_id in LIVES:
        run = dag.create_dagrun(
            run_id=run_id,
            logical_date=None,
            run_after=START,
            conf={"n": 1},
            run_type=DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.TEST,
            start_date=START,
            state=DagRunState.RUNNING,
            session=session,
        )
        session.flush()
        session.refresh(run, ["task_instances"])
        for instance in run.task_instances:
            instance.state = "queued"
            instance.try_number = 1
            ids.setdefault(run_id, {}).setdefault(instance.task_id, {})[instance.map_index] = str(instance.id)


def fill():
    """Writes Dags, and runs of `producer` and `life` with the instances of their tasks. Gives the ids by run, task and map index."""
    ids = {}
    with create_session() as session:
        session.add(DagBundleModel(name=BUNDLE))
        session.flush()
        for dag in dags():
            SerializedDAG.bulk_write_to_db(BUNDLE, None, [dag], session=session)
            SerializedDagModel.write_dag(LazyDeserializedDAG.from_dag(dag), BUNDLE, session=session)
            session.flush()
            model = session.get(DagModel, dag.dag_id)
            model.is_paused = dag.dag_id == "paused"
            model.has_import_errors = dag.dag_id == "on_name"
            if dag.dag_id == "on_uri":
                model.allowed_run_types = ["manual"]
            session.flush()
        version = DagVersion.get_latest_version("producer", session=session)
        dag = SerializedDagModel.get_dag("producer", session=session)
        ends = [DagRunState.SUCCESS, DagRunState.FAILED, DagRunState.RUNNING, DagRunState.FAILED, DagRunState.RUNNING]
        states = dict(zip(STATES, ends, strict=True))
        for day, (run_id, state) in enumerate(states.items()):
            date = START + timedelta(days=day)
            run = dag.create_dagrun(
                run_id=run_id,
                logical_date=date,
                data_interval=(date, date),
                run_after=date,
                conf={"day": day},
                run_type=DagRunType.MANUAL,
                triggered_by=DagRunTriggeredByType.TEST,
                triggering_user_name="ada",
                state=state,
                session=session,
            )
            many = dag.get_task("many")
            for index in range(4):
                instance = TaskInstance(many, run_id=run_id, map_index=index, dag_version_id=version.id)
                run.task_instances.append(instance)
            session.delete(run.get_task_instance("many", session=session, map_index=-1))
            session.flush()
            session.refresh(run, ["task_instances"])
            for instance in run.task_instances:
                instance.try_number = 1
                instance.start_date = date
                instance.state = STATES[run_id][instance.task_id][max(instance.map_index, 0)]
                if instance.state in State.finished:
                    instance.end_date = date + timedelta(minutes=1)
                    instance.duration = 60
                ids.setdefault(run_id, {}).setdefault(instance.task_id, {})[instance.map_index] = str(instance.id)
        begin_lives(ids, session)
    return ids


async def speak_for(request: Request):
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    return TIToken(id=uuid.UUID(token), claims=TIClaims(scope="execution"))


def add_secrets():
    with create_session() as session:
        session.add(Variable(key="stored", val="plain"))
        session.add(Connection(conn_id="shop", uri="postgres://ada:p%40ss@db:5432/shop?sslmode=require"))


def serve(listener):
    app = InProcessExecutionAPI().app
    app.dependency_overrides[_jwt_bearer] = speak_for
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="on"))
    asyncio.run(server.serve(sockets=[listener]))


def database():
    from airflow.settings import engine

    return engine.url.database


def rows(path, query):
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query)]
    finally:
        connection.close()


def main():
    ids = fill()
    add_secrets()
    path = database()
    connection = sqlite3.connect(path)
    connection.execute("VACUUM INTO ?", (sys.argv[1],))
    connection.close()
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(listener,), daemon=True).start()
    ready = {"port": listener.getsockname()[1], "database": path, "task_instances": ids}
    print(json.dumps(ready), file=ANSWERS, flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        found = rows(question["database"], question["query"])
        print(json.dumps(found, default=bytes.hex), file=ANSWERS, flush=True)
    shutil.rmtree(os.environ["AIRFLOW_HOME"], ignore_errors=True)
    # Nobody reads what Airflow has to say about connections that are still open.
    os._exit(0)


main()
