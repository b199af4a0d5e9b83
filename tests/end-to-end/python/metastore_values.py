"""Reads the rows that a test wrote past Airflow with Airflow's models, and writes others in their place.

Usage: metastore_values.py

The metadata database is the one that Airflow's configuration names. Prints what was read as a JSON object.
"""

import datetime
import json
import uuid

from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session


def shown(value):
    if isinstance(value, datetime.datetime):
        # A time without a zone would not be shown at all.
        return value.astimezone(datetime.UTC).isoformat() if value.tzinfo else f"naive {value}"
    return str(value)


def main():
    later = datetime.datetime(2031, 2, 3, 4, 5, 6, 7, tzinfo=datetime.timezone(datetime.timedelta(hours=-7)))
    with create_session() as session:
        dag = session.query(DagModel).one()
        run = session.query(DagRun).one()
        ti = session.query(TaskInstance).one()
        xcom = session.query(XComModel).one()
        found = {
            "is_paused": dag.is_paused,
            "has_import_errors": dag.has_import_errors,
            "last_parsed_time": dag.last_parsed_time,
            "max_active_tasks": dag.max_active_tasks,
            "description": dag.description,
            "conf": run.conf,
            "logical_date": run.logical_date,
            "id": ti.id,
            "duration": ti.duration,
            "executor_config": ti.executor_config,
            "external_executor_id": ti.external_executor_id,
            "value": xcom.value,
        }
        types = {name: type(value).__name__ for name, value in found.items()}
        print(json.dumps({"found": found, "types": types}, default=shown))
        dag.is_paused = False
        dag.last_parsed_time = later
        dag.description = None
        run.conf = {"ö": [True, 2.5]}
        ti.duration = 3.0
        ti.executor_config = {"pod": 1}
        xcom.value = "12"
        session.flush()
        ti.id = uuid.UUID("01890000-0000-7000-8000-00000000abcd")


if __name__ == "__main__":
    main()
