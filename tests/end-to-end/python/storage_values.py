"""Values in object storage, through Airflow's own XCom backend of the provider common.io.

`write` stores values with each compression and prints what the database would hold; `read` loads what Rust stored, and prints what is not
what it should be. Both take their task from standard input, and purge afterwards what they are told to.
"""

import json
import os
import sys
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from airflow.providers.common.io.xcom import backend
from airflow.providers.common.io.xcom.backend import XComObjectStorageBackend as Backend
from airflow.sdk.bases.xcom import _XComValueWrapper
from airflow.utils.json import XComEncoder

RUN = "manual__2026-01-01T00:00:00+00:00"

# What a JSON text can hold; Rust knows these by the same names.
PLAIN = {
    "null": None,
    "text": "plain",
    "unicode": "äöü \u2028 😀 \x7f \x00 \"quoted\" \\ / \n\t\r\b\f",
    "numbers": [0, -1, 2**63 - 1, -(2**63), 2**64 - 1],
    "floats": [0.0, -0.0, 0.1, 1e15, 1e16, 1.5e300, 1e-4, 1e-5, -2.5e-7, 5e-324, 1.7976931348623157e308, 1 / 3],
    "nested": {"a": [{"b": {"c": [[], {}, [[]]]}}], "": "", "é": None, "t": True, "f": False},
    "rows": [{"id": n, "name": f"näme {n}", "price": n / 7} for n in range(500)],
}

# What only Python has; Rust reads it as a tree and writes it again.
WRAPPED = {
    "wrapped": {
        "at": datetime(2024, 6, 1, 12, 0, 0, 123456, tzinfo=timezone.utc),
        "day": date(2024, 2, 29),
        "delta": timedelta(seconds=61),
        "price": Decimal("1234.56"),
        "tags": {"a"},
    },
}


def configure(base, compression, threshold):
    for key, value in (("PATH", base), ("COMPRESSION", compression), ("THRESHOLD", threshold)):
        os.environ[f"AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_{key}"] = str(value)
    for cached in (backend._get_base_path, backend._get_compression, backend._get_threshold):
        cached.cache_clear()


def store(key, value):
    try:
        from airflow.sdk.bases.xcom import XComCoordinate
    except ImportError:  # 3.3
        return Backend.serialize_value(value, key=key, dag_id="d", run_id=RUN, task_id="t", map_index=-1)
    from uuid import UUID

    coordinate = XComCoordinate("d", RUN, "t", UUID(int=7))
    return Backend.store_value(coordinate, key, value)


def load(stored):
    return Backend.deserialize_value(_XComValueWrapper(stored))


def write():
    task = json.load(sys.stdin)
    written = []
    for compression in task["compressions"]:
        configure(task["base"], compression, 0)
        for key, value in (PLAIN | WRAPPED).items():
            text = json.dumps(value, cls=XComEncoder)
            written.append({"compression": compression, "key": key, "stored": store(key, value), "text": text})
    decisions = []
    for threshold in task["thresholds"]:
        configure(task["base"], "", threshold)
        decisions.append([store(key, value) != value for key, value in PLAIN.items()])
    json.dump({"written": written, "decisions": decisions, "keys": list(PLAIN)}, sys.stdout)


def read():
    task = json.load(sys.stdin)
    configure(task["base"], "", 0)
    wrong = []
    for item in task["stored"]:
        expected = (PLAIN | WRAPPED)[item["key"]]
        if (value := load(item["stored"])) != expected:
            wrong.append([item, repr(value)[:200]])
        Backend.purge(_XComValueWrapper(item["stored"]))
        if load(item["stored"]) != item["stored"]:
            wrong.append([item, "not purged"])
    json.dump(wrong, sys.stdout)
