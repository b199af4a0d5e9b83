"""The values of state stores in object storage, through Airflow's own backend of the provider common.io.

`write` stores values and prints what Airflow's marker would hold of each; `read` loads what Rust stored, deletes it, and prints what is not
what it should be. Both take their task from standard input.
"""

import json
import os
import sys
from uuid import UUID

from airflow.providers.common.io.state_store import backend
from airflow.sdk.state import AssetScope, TaskScope

RUN = "manual__2026-01-01T00:00:00+00:00"

VALUES = {
    "null": None,
    "a/b": "äöü 😀 \"quoted\"",
    "cursor": {"page": 7, "rows": [0.1, 1e16, -1, 2**63 - 1]},
    "rows": [{"id": n, "name": f"näme {n}"} for n in range(300)],
}


def scopes():
    found = {
        "task": TaskScope("d", RUN, "t"),
        "mapped": TaskScope("d", RUN, "group.t", 3),
        "asset": AssetScope(name="orders"),
        "asset by URI": AssetScope(uri="s3://shop/orders"),
    }
    if hasattr(TaskScope("d", RUN, "t"), "region_id"):
        found["region"] = TaskScope("d", RUN, "t", 2, UUID(int=9))
    return found


def configure(base, compression, threshold):
    for key, value in (("PATH", base), ("COMPRESSION", compression), ("THRESHOLD", threshold)):
        os.environ[f"AIRFLOW__COMMON_IO__STATE_STORE_OBJECTSTORAGE_{key}"] = str(value)
    for cached in (backend._get_base_path, backend._get_compression, backend._get_threshold):
        cached.cache_clear()


def store(scope, key, value):
    states = backend.StateStoreObjectStorageBackend()
    if isinstance(scope, AssetScope):
        return states.serialize_asset_state_store_to_ref(value=value, key=key, scope=scope)
    return states.serialize_task_state_store_to_ref(value=value, key=key, scope=scope)


def load(scope, stored):
    states = backend.StateStoreObjectStorageBackend()
    if isinstance(scope, AssetScope):
        return states.deserialize_asset_state_store_from_ref(stored)
    return states.deserialize_task_state_store_from_ref(stored)


def write():
    task = json.load(sys.stdin)
    written = []
    for base, compression, threshold in task["settings"]:
        configure(base, compression, threshold)
        for name, scope in scopes().items():
            for key, value in VALUES.items():
                stored = store(scope, key, value)
                written.append(
                    {
                        "base": base,
                        "compression": compression,
                        "threshold": threshold,
                        "scope": name,
                        "key": key,
                        "stored": stored,
                        "text": json.dumps(value),
                    }
                )
    json.dump(written, sys.stdout)


def read():
    task = json.load(sys.stdin)
    wrong = []
    for item in task["stored"]:
        configure(item["base"], item["compression"], item["threshold"])
        scope = scopes()[item["scope"]]
        if (value := load(scope, item["stored"])) != VALUES[item["key"]]:
            wrong.append([item, repr(value)[:200]])
        backend.StateStoreObjectStorageBackend().delete(scope, item["key"])
        if item["offloaded"] and load(scope, item["stored"]) is not None:
            wrong.append([item, "not deleted"])
    json.dump(wrong, sys.stdout)
