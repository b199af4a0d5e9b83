"""Times how Airflow's XComObjectStorageBackend writes and reads values, in a directory.

Arguments: `write`, `read`, `small` or `reference`, the directory, how often, and for `write` the value as a JSON file. Prints one JSON
object.
"""

import json
import os
import resource
import shutil
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
from airflow.sdk import ObjectStoragePath  # noqa: E402
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


def copied(source, target):
    start = time.perf_counter()
    shutil.copyfileobj(source, target)
    return os.path.getsize(os.path.join(DIRECTORY, "large")) / 1e6 / (time.perf_counter() - start)


def reference():
    """What a task does that passes a file by its URL."""
    large, back = (os.path.join(DIRECTORY, name) for name in ("large", "back"))
    path = ObjectStoragePath(f"file://{DIRECTORY}/by_python")
    writes, reads = [], []
    for _ in range(RUNS):
        with open(large, "rb") as source, path.open("wb") as target:
            writes.append(copied(source, target))
        with path.open("rb") as source, open(back, "wb") as target:
            reads.append(copied(source, target))
    return {
        "storage.reference_write_mb_per_s": statistics.median(writes),
        "storage.reference_read_mb_per_s": statistics.median(reads),
    }


numbers = {"write": write, "read": read, "small": small, "reference": reference}[WHAT]()
numbers["storage.peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(numbers))
