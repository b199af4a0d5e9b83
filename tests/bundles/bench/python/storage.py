"""Times how Airflow's XComObjectStorageBackend writes and reads values, in a directory.

Arguments: `write`, `read` or `small`, the directory, how often, and for `write` the value as a JSON file. Prints one JSON object.
"""

import json
import os
import resource
import statistics
import sys
import tempfile
import time

HOME = tempfile.TemporaryDirectory(prefix="aileron-bench-")
os.environ["AIRFLOW_HOME"] = HOME.name
WHAT, DIRECTORY, RUNS = sys.argv[1], sys.argv[2], int(sys.argv[3])
os.environ["AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH"] = f"file://{DIRECTORY}"
os.environ["AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_THRESHOLD"] = "0"

from airflow.providers.common.io.xcom.backend import XComObjectStorageBackend as Backend  # noqa: E402
from airflow.sdk.bases.xcom import _XComValueWrapper  # noqa: E402

# Where `write` says what it has written.
WRITTEN = os.path.join(DIRECTORY, "written_by_python")


def store(value):
    return Backend.serialize_value(value, key="rows", dag_id="bench", run_id="run", task_id="rows")


def load(stored):
    return Backend.deserialize_value(_XComValueWrapper(stored))


def size(stored):
    return os.path.getsize(stored.removeprefix("file://")) / 1e6


def write():
    with open(sys.argv[4], "rb") as file:
        rows = json.load(file)
    speeds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        stored = store(rows)
        speeds.append(size(stored) / (time.perf_counter() - start))
    with open(WRITTEN, "w") as file:
        file.write(stored)
    return {"storage.write_mb_per_s": statistics.median(speeds)}


def read():
    with open(WRITTEN) as file:
        stored = file.read()
    speeds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        rows = load(stored)
        speeds.append(size(stored) / (time.perf_counter() - start))
        assert isinstance(rows, list)
        del rows
    return {"storage.read_mb_per_s": statistics.median(speeds)}


def small():
    value = "x" * 1000
    start = time.perf_counter()
    stored = [store(value) for _ in range(RUNS)]
    writing = time.perf_counter() - start
    start = time.perf_counter()
    assert all(load(one) == value for one in stored)
    reading = time.perf_counter() - start
    return {"storage.small_writes_per_s": RUNS / writing, "storage.small_reads_per_s": RUNS / reading}


numbers = {"write": write, "read": read, "small": small}[WHAT]()
numbers["storage.peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(numbers))
