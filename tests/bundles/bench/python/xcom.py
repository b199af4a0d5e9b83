"""Times how Airflow's task runner encodes and decodes a large XCom.

Arguments: the value as a JSON file, and how often. Prints one JSON object with megabytes of JSON text per second.
"""

import json
import os
import statistics
import sys
import tempfile
import time

# Airflow looks for its configuration when it is imported.
HOME = tempfile.TemporaryDirectory(prefix="aileron-bench-")
os.environ["AIRFLOW_HOME"] = HOME.name

import msgspec  # noqa: E402

from airflow.sdk.bases.xcom import BaseXCom  # noqa: E402
from airflow.sdk.execution_time.comms import (  # noqa: E402
    SetXCom,
    ToTask,
    XComResult,
    _RequestFrame,
    _ResponseFrame,
)
from pydantic import TypeAdapter  # noqa: E402

FRAMES = msgspec.msgpack.Decoder(_ResponseFrame)
BODIES = TypeAdapter(ToTask)


def push(rows):
    """What `XCom.set` and the comms object do."""
    message = SetXCom(
        key="return_value",
        value=BaseXCom.serialize_value(rows),
        dag_id="bench",
        run_id="manual__bench",
        task_id="bench",
    )
    return _RequestFrame(id=1, body=message.model_dump()).as_bytes()


def pull(frame):
    """What the comms object and `XCom.get_one` do."""
    return BaseXCom.deserialize_value(BODIES.validate_python(FRAMES.decode(frame).body))


def median(times, call, argument):
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        returned = call(argument)
        taken.append(time.perf_counter() - start)
        del returned
    return statistics.median(taken)


def main():
    path, times = sys.argv[1], int(sys.argv[2])
    with open(path, "rb") as file:
        text = file.read()
    rows = json.loads(text)
    answer = XComResult(key="return_value", value=BaseXCom.serialize_value(rows))
    # Behind the length prefix.
    frame = memoryview(_ResponseFrame(id=1, body=answer.model_dump()).as_bytes())[4:]
    assert pull(frame) == rows
    packed = msgspec.msgpack.encode(rows)
    seconds = {
        "airflow.encode": median(times, push, rows),
        "airflow.decode": median(times, pull, frame),
        "msgspec.encode": median(times, msgspec.msgpack.encode, rows),
        "msgspec.decode": median(times, msgspec.msgpack.decode, packed),
        "python_json.encode": median(times, json.dumps, rows),
        "python_json.decode": median(times, json.loads, text),
    }
    print(json.dumps({f"xcom.{name}_mb_per_s": len(text) / 1e6 / taken for name, taken in seconds.items()}))


if __name__ == "__main__":
    main()
