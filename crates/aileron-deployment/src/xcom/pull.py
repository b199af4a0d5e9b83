"""The XComs of one Dag run: one SELECT."""

SELECT = """
SELECT x.task_id, x.map_index, x.key, x.timestamp, {value}
FROM xcom x
WHERE x.dag_run_id = (SELECT r.id FROM dag_run r WHERE r.dag_id = :dag_id AND r.run_id = :run_id)
AND x.key = :key{task}{index}
ORDER BY x.timestamp DESC, x.task_id, x.map_index{limit}
"""

# The text that PostgreSQL has keeps every digit; what Python makes of JSON does not. Airflow 2 has bytes there.
VALUES = {"postgresql": "CAST(x.value AS TEXT) AS value, CAST(pg_typeof(x.value) AS TEXT) AS type"}


def probe(request, database):
    database = database()
    wanted = {name: value for name, value in request.items() if value is not None}
    statement = SELECT.format(
        value=VALUES.get(database.dialect, "x.value"),
        task=" AND x.task_id = :task_id" if "task_id" in wanted else "",
        index=" AND x.map_index = :map_index" if "map_index" in wanted else "",
        limit=" LIMIT :limit" if "limit" in wanted else "",
    )
    resolve = wanted.pop("resolve", False)
    # A cursor that streams is planned for its first rows; what fits into memory is better asked for as a whole.
    stream = wanted.get("limit", 10**9) > 1000
    for row in database.rows(statement, wanted, stream):
        value = stored(row["value"], row.get("type"))
        line = [row["task_id"], row["map_index"], row["key"], timestamp(row["timestamp"]), value]
        if resolve:
            line.append(resolved(value))
        yield line


def stored(value, kind):
    """The value as it lies there: its text, or its bytes when they are none."""
    if value is None:
        return None
    if kind == "bytea":
        value = bytes.fromhex(value[2:])
    if isinstance(value, (int, float)):
        # SQLite keeps a JSON number as a number.
        value = json.dumps(value)
    if isinstance(value, str):
        return {"text": value}
    value = bytes(value)
    try:
        return {"text": value.decode("utf-8", "strict")}
    except UnicodeDecodeError:
        return {"bytes": base64.b64encode(value).decode()}


def resolved(value):
    """What lies in the object storage under a path, by Airflow's own code; None when the value is no path of its."""
    try:
        path = json.loads(value["text"])
    except (KeyError, TypeError, ValueError):
        return None
    if not isinstance(path, str) or "://" not in path:
        return None
    base = _base()
    if base is None:
        return {"problem": "[common.io] xcom_objectstorage_path is not set there"}
    if not base[0](path).is_relative_to(base[1]):
        return None
    try:
        with base[0](path).open(mode="rb", compression="infer") as file:
            content = file.read()
        return {"text": content.decode("utf-8", "strict")}
    except FileNotFoundError:
        return {"problem": "there is no such object"}
    except Exception as error:
        return {"problem": type(error).__name__ + ": " + scrub(str(error))}


_base_path = []


def _base():
    if not _base_path:
        from airflow.configuration import conf

        try:
            from airflow.sdk import ObjectStoragePath
        except ImportError:
            from airflow.io.path import ObjectStoragePath
        configured = conf.get("common.io", "xcom_objectstorage_path", fallback=None)
        _base_path.append((ObjectStoragePath, ObjectStoragePath(configured)) if configured else None)
    return _base_path[0]
