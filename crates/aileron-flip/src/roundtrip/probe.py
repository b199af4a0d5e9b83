"""Values through the configured XCom backend, in Python.

`push` makes each value, stores it as a task would, and reads it back. `read` reads what somebody else stored, and compares it with the
same value. `purge` deletes what the others stored.
"""


def probe(request, database):
    import hashlib

    from airflow.sdk.execution_time.xcom import XCom as backend
    from airflow.utils.json import XComEncoder

    try:
        from airflow.providers.common.compat.sdk import conf
    except ImportError:
        from airflow.configuration import conf
    threshold = conf.getint("common.io", "xcom_objectstorage_threshold", fallback=-1)
    base = conf.get("common.io", "xcom_objectstorage_path", fallback=None)
    action = request["action"]
    if action == "push":
        yield {
            "backend": backend.__module__ + "." + backend.__qualname__,
            "base": base,
            "threshold": threshold,
            "compression": conf.get("common.io", "xcom_objectstorage_compression", fallback=None) or None,
        }
        if threshold < 0 or not base:
            return
    if action == "purge":
        for stored in request["stored"]:
            backend.purge(_Row(stored))
        yield {"purged": len(request["stored"])}
        return
    for case, value in _values(threshold, request["large"]):
        if action == "push":
            row = {"case": case}
            try:
                row["stored"] = _store(backend, case, value, request["run_id"])
                text = json.dumps(value, cls=XComEncoder).encode()
                row["sha256"], row["length"] = hashlib.sha256(text).hexdigest(), len(text)
                row["difference"] = _compare(value, _load(backend, row["stored"]))
            except Exception as error:
                row["problem"] = _text(error)
            yield row
        elif case in request["stored"]:
            try:
                yield {"case": case, "difference": _compare(value, _load(backend, request["stored"][case]))}
            except Exception as error:
                yield {"case": case, "problem": _text(error)}


class _Row:
    def __init__(self, value):
        self.value = value


def _store(backend, key, value, run_id):
    try:
        from airflow.sdk.bases.xcom import XComCoordinate
    except ImportError:  # 3.3
        names = {"key": key, "dag_id": "aileron_roundtrip", "run_id": run_id, "task_id": "python", "map_index": -1}
        return backend.serialize_value(value, **names)
    from uuid import uuid4

    return backend.store_value(XComCoordinate("aileron_roundtrip", run_id, "python", uuid4()), key, value)


def _load(backend, stored):
    try:
        from airflow.sdk.bases.xcom import XComCoordinate  # noqa: F401
    except ImportError:  # 3.3
        return backend.deserialize_value(_Row(stored))
    return backend.load_value(stored)


def _values(threshold, large):
    """Each value with its name. The same every time."""
    from datetime import date, datetime, timedelta, timezone
    from decimal import Decimal

    yield "null", None
    yield "true", True
    yield "false", False
    yield "zero", 0
    yield "empty text", ""
    yield "text", "ok"
    yield "empty list", []
    yield "empty dict", {}
    yield "branch", ["left", "right"]
    yield "status", {"status": "done", "rows": 3, "ratio": 0.5, "next": None, "dry_run": False}
    yield "paths", {"files": ["s3://bucket/a", "file:///tmp/b"], "note": "not://a reference"}
    yield "unicode", {"text": "äöü ß \u2028 \U0001f600 \u202eabc \x7f \" \\ / \n\t\r\b\f", "ключ": "値", "": ""}
    yield "numbers", [0, -1, 2**53 + 1, 2**63 - 1, -(2**63), 2**64 - 1]
    yield "floats", [0.0, -0.0, 0.1, 1 / 3, 1e15, 1e16, 1e-5, -2.5e-7, 5e-324, 1.7976931348623157e308]
    nested = []
    for level in range(45):
        nested = [nested] if level % 2 else {"level": nested}
    yield "nested", nested
    yield "wrapped", {
        "aware": datetime(2024, 6, 1, 12, 0, 0, 123456, tzinfo=timezone.utc),
        "naive": datetime(2024, 6, 1, 12, 0, 0),
        "day": date(2024, 2, 29),
        "delta": timedelta(days=1, seconds=61, microseconds=5),
        "price": Decimal("1234.56"),
        "set": {"a", "b"},
        "frozen": frozenset([1, 2, 3]),
    }
    yield "tuple", (1, "two", (3.0, None), "x" * threshold)
    # Airflow's own encoder of offloaded values writes a tuple within another value as a list; inline it stays a tuple.
    yield "tuple within a value, offloaded", {"pair": (1, 2), "padding": "x" * threshold}
    for name, length in (("one below the threshold", -1), ("at the threshold", 0), ("one above the threshold", 1)):
        # Two quotation marks are part of the text.
        if threshold + length >= 2:
            yield name, "x" * (threshold + length - 2)
    yield "beyond 64 bits", {"number": 2**200, "padding": "x" * threshold}
    yield "unicode above the threshold", "😀" * (threshold // 12 + 1)
    row = {"id": 0, "name": "näme", "price": 1 / 7, "tags": ["a", "b"], "at": None}
    size = len(json.dumps(row)) + 2
    yield "large", [dict(row, id=number) for number in range(max(large // size, 1))]


def _compare(expected, found):
    """Where two values are not the same, in type or in content; None when they are."""
    import marshal

    try:
        # Of plain values, in C: the bytes tell every type and bit. Version 2 knows nothing of which objects are shared.
        if marshal.dumps(expected, 2) == marshal.dumps(found, 2):
            return None
    except ValueError:
        # It holds something of another type.
        pass
    return _difference(expected, found)


def _difference(expected, found, place="value"):
    """As `_compare`, by looking at each item."""
    if type(expected) is not type(found):
        return "%s is of %s and should be of %s" % (place, type(found).__name__, type(expected).__name__)
    if isinstance(expected, dict):
        if list(expected) != list(found):
            return "%s has other keys" % place
        for key in expected:
            difference = _difference(expected[key], found[key], "%s[%r]" % (place, key))
            if difference:
                return difference
        return None
    if isinstance(expected, (list, tuple)):
        if len(expected) != len(found):
            return "%s has %d items and should have %d" % (place, len(found), len(expected))
        for number, item in enumerate(expected):
            difference = _difference(item, found[number], "%s[%d]" % (place, number))
            if difference:
                return difference
        return None
    # -0.0 equals 0.0.
    same = repr(expected) == repr(found) if isinstance(expected, float) else expected == found
    return None if same else "%s is another %s" % (place, type(expected).__name__)


def _text(error):
    return (type(error).__name__ + ": " + str(error)).strip()[:500]
