"""Fills the metadata database of an Airflow 2.11 or 3.3, for the tests of `aileron xcom pull`.

    live_xcoms.py CELLS DATE..

Real runs of the Dag `diagnostic`, which lies in the Dag folder, with these dates; what becomes of its XComs is a matter of the
configuration: pickled, in an object storage, or plain. Then, unless CELLS is 0, a run `wide` with so many cells of one mapped task,
written with Airflow's own tables. The last line it prints is a list of the run ids.
"""

import inspect
import json
import os
import sys
import uuid

import pendulum


def real_runs(dates):
    sys.path.insert(0, os.path.join(os.environ["AIRFLOW_HOME"], "dags"))
    from diagnostic import made

    # Airflow 2 calls it an execution date.
    name = "logical_date" if "logical_date" in inspect.signature(made.test).parameters else "execution_date"
    ids = []
    for date in dates:
        run = made.test(**{name: pendulum.parse(date)})
        assert run.state == "success", run.state
        ids.append(run.run_id)
    return ids


def wide_run(count):
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.settings import Session
    from sqlalchemy import insert, select

    try:
        from airflow.models.xcom import XComModel as XCom

        def encoded(value):
            return value
    except ImportError:
        from airflow.models.xcom import BaseXCom as XCom

        def encoded(value):
            return json.dumps(value).encode()

    session = Session()
    runs = DagRun.__table__
    model = dict(session.execute(select(runs).limit(1)).mappings().one())
    now = pendulum.datetime(2026, 7, 1, tz="UTC")
    for name in ("id", "logical_date", "execution_date", "data_interval_start", "data_interval_end", "created_dag_version_id"):
        model.pop(name, None)
    date = "execution_date" if "execution_date" in runs.c else "logical_date"
    model.update({"run_id": "wide", date: now, "state": "success"})
    session.execute(insert(runs), [model])
    number = session.execute(select(runs.c.id).where(runs.c.run_id == "wide")).scalar_one()
    place = {"dag_id": "diagnostic", "run_id": "wide", "task_id": "discriminate_cell"}
    cells, values = [], []
    for index in range(count):
        cell = dict(place, map_index=index, state="success", pool="default_pool", pool_slots=1, try_number=1, max_tries=0)
        if "id" in TaskInstance.__table__.c:
            cell["id"] = uuid.uuid4() if TaskInstance.__table__.c.id.type.python_type is uuid.UUID else str(uuid.uuid4())
        cells.append(cell)
        value = {"crypto": "c%d" % index, "auc_by_seed": [index / count, 0.5]}
        written = now.add(seconds=index)
        values.append(dict(place, dag_run_id=number, map_index=index, key="return_value", value=encoded(value), timestamp=written))
    session.execute(insert(TaskInstance.__table__), cells)
    session.execute(insert(XCom.__table__), values)
    session.commit()
    return ["wide"]


if __name__ == "__main__":
    ids = real_runs(sys.argv[2:])
    if sys.argv[1] != "0":
        ids += wide_run(int(sys.argv[1]))
    print()
    print(json.dumps(ids))
