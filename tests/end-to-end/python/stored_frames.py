"""Data frames that tasks pass by reference, as docs/object-storage.md says that Python reads them.

`write` puts a frame below the base as a Parquet file and prints what a task would return; `read` takes from standard input what a task in
Rust returned, reads the frame, and prints what is not what it should be.
"""

import hashlib
import io
import json
import sys
import uuid

import pandas
from airflow.sdk import ObjectStoragePath


def write():
    base = ObjectStoragePath(json.load(sys.stdin)["base"])
    frame = pandas.DataFrame(
        {
            "id": [1, 2, 3],
            "name": ["ä", None, "c"],
            "price": [0.5, float("nan"), -1.5],
            "at": pandas.to_datetime(["2024-06-01T12:00:00.000001Z", None, "1969-07-20T20:17:40.000000Z"]),
            "sold": [True, False, True],
        }
    )
    file = io.BytesIO()
    frame.to_parquet(file, index=False)
    data = file.getvalue()
    path = base / "d" / "r" / "python" / "objects" / "-1" / f"{uuid.uuid4()}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    reference = {
        "__aileron_object__": 1,
        "uri": str(path),
        "format": "parquet",
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    json.dump(reference, sys.stdout)


def read():
    export = json.load(sys.stdin)
    path = ObjectStoragePath(export["uri"])
    frame = pandas.read_parquet(path.open("rb"))
    data = path.read_bytes()
    found = {
        "keys": sorted(export),
        "format": export["format"],
        "suffix": path.suffix,
        "size": export["size"] == len(data),
        "sha256": export["sha256"] == hashlib.sha256(data).hexdigest(),
        "columns": {name: str(kind) for name, kind in frame.dtypes.items() if name != "name"},
        "rows": json.loads(frame.to_json(orient="values", date_format="iso", date_unit="us")),
    }
    json.dump(found, sys.stdout)
