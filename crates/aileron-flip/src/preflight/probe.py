"""What Airflow itself says about the object-storage XCom backend, where this runs.

Only facts are yielded; what they mean is decided by who asks. Nothing is changed but one object below the base path, which is
deleted again.
"""

SECTION = "common.io"
OPTIONS = ("xcom_objectstorage_path", "xcom_objectstorage_threshold", "xcom_objectstorage_compression")
NAMES = ["AIRFLOW__COMMON_IO__" + option.upper() for option in OPTIONS] + ["AIRFLOW__CORE__XCOM_BACKEND"]
SUFFIXES = ("", "_CMD", "_SECRET")

# What each kind of store needs beside Airflow: a provider, and what fsspec imports.
NEEDED = {
    "s3": ("apache-airflow-providers-amazon", "s3fs"),
    "s3a": ("apache-airflow-providers-amazon", "s3fs"),
    "gs": ("apache-airflow-providers-google", "gcsfs"),
    "gcs": ("apache-airflow-providers-google", "gcsfs"),
    "abfs": ("apache-airflow-providers-microsoft-azure", "adlfs"),
    "abfss": ("apache-airflow-providers-microsoft-azure", "adlfs"),
}


def probe(request, database):
    yield {"fact": "python", "version": sys.version.split()[0], "executable": sys.executable}
    try:
        import airflow
        from airflow.configuration import conf as server_conf
    except ImportError as error:
        yield {"fact": "no-airflow", "problem": str(error)}
        return
    yield {"fact": "airflow", "version": airflow.__version__, "config_file": _config_file()}
    yield {"fact": "provider", "version": _version("apache-airflow-providers-common-io")}
    yield {"fact": "near-misses", "variables": _near_misses(), "sections": _near_sections(server_conf)}
    try:
        # The parser that the backend itself asks.
        from airflow.providers.common.compat.sdk import conf
    except ImportError:
        conf = server_conf
    yield from _options(conf, server_conf)
    yield _pickling(conf)
    yield _backend()
    base = _get(conf, "xcom_objectstorage_path")
    yield _packages(base)
    yield _compression(conf)
    yield from _store(base, request["timeout"])
    yield _lifecycle(base)
    if request["sizes"]:
        yield from _sizes(database)


def _version(package):
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _config_file():
    home = os.path.expanduser(os.environ.get("AIRFLOW_HOME", "~/airflow"))
    path = os.path.expanduser(os.environ.get("AIRFLOW_CONFIG", os.path.join(home, "airflow.cfg")))
    return path if os.path.exists(path) else None


def _plain(name):
    return re.sub(r"[^A-Z0-9]", "", name.upper())


def _near_misses():
    """Environment variables that look like one of ours, and that Airflow does not read."""
    import difflib

    right = {name + suffix for name in NAMES for suffix in SUFFIXES}
    plain = [_plain(name) for name in NAMES]
    found = []
    for name in sorted(os.environ):
        if name in right or not _plain(name).startswith("AIRFLOW"):
            continue
        near = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=0.94)
        if near:
            found.append({"found": name, "meant": NAMES[plain.index(near[0])]})
    return found


def _near_sections(conf):
    near = ("common_io", "common-io", "commonio", "common io", "COMMON.IO")
    return [section for section in near if conf.has_section(section)]


def _get(conf, option):
    return conf.get(SECTION, option, fallback=None) or None


def _options(conf, server_conf):
    for section, option in [("core", "xcom_backend")] + [(SECTION, option) for option in OPTIONS]:
        name, source = _source(section, option)
        fact = {"fact": "option", "section": section, "option": option, "source": source}
        fact["variable"] = os.environ.get(name)
        try:
            fact["value"] = conf.get(section, option, fallback=None)
            fact["server_value"] = server_conf.get(section, option, fallback=None)
        except Exception as error:
            fact["problem"] = _text(error)
        yield fact


def _source(section, option):
    """The environment variable of an option, and where the option is said."""
    import configparser

    name = "AIRFLOW__" + section.replace(".", "_").upper() + "__" + option.upper()
    for suffix in SUFFIXES:
        if name + suffix in os.environ:
            return name, "the environment variable " + name + suffix
    file = configparser.ConfigParser(strict=False, interpolation=None)
    path = _config_file()
    if path and file.read(path):
        for key in (option, option + "_cmd", option + "_secret"):
            if file.has_option(section, key):
                return name, path
    return name, "default"


def _pickling(conf):
    fact = {"fact": "pickling", "value": None}
    for option in ("enable_xcom_pickling",):
        try:
            value = conf.get("core", option, fallback=None)
        except Exception:
            value = None
        if value is not None:
            fact["value"] = str(value)
    return fact


def _backend():
    try:
        try:
            from airflow.sdk.execution_time.xcom import resolve_xcom_backend
        except ImportError:
            from airflow.models.xcom import resolve_xcom_backend
        found = resolve_xcom_backend()
        names = [cls.__module__ + "." + cls.__qualname__ for cls in found.__mro__]
        return {"fact": "backend", "class": names[0], "bases": names[1:]}
    except Exception as error:
        return {"fact": "backend", "problem": _text(error)}


def _packages(base):
    scheme = (base or "").partition("://")[0]
    needed = NEEDED.get(scheme, ())
    return {"fact": "packages", "scheme": scheme, "packages": {name: _version(name) for name in needed}}


def _compression(conf):
    name = _get(conf, "xcom_objectstorage_compression")
    if not name:
        return {"fact": "compression", "name": None, "suffix": ""}
    try:
        import fsspec.utils

        suffixes = [suffix for suffix, codec in fsspec.utils.compressions.items() if codec == name]
        known = sorted(set(filter(None, fsspec.utils.compressions.values())))
        return {"fact": "compression", "name": name, "suffix": suffixes[0] if suffixes else None, "known": known}
    except Exception as error:
        return {"fact": "compression", "name": name, "problem": _text(error)}


def _store(base, timeout):
    """Puts, gets, lists and deletes an object below the base path, as the backend would."""
    import threading

    if not base:
        return
    steps = []
    # A store that nobody answers for would keep a client trying for many minutes.
    thread = threading.Thread(target=_store_steps, args=(base, steps), daemon=True)
    thread.start()
    thread.join(timeout)
    for step in list(steps):
        yield step
    if thread.is_alive():
        yield {"fact": "store", "step": "time", "problem": "no answer within %d s" % timeout}


def _store_steps(base, steps):
    import time
    import uuid

    content = os.urandom(64)
    path = None

    def step(name, action):
        began = time.monotonic()
        try:
            detail = action()
        except Exception as error:
            steps.append({"fact": "store", "step": name, "problem": _text(error)})
            return False
        took = int((time.monotonic() - began) * 1000)
        steps.append({"fact": "store", "step": name, "took_ms": took, "detail": detail})
        return True

    def open_path():
        nonlocal path
        try:
            from airflow.sdk import ObjectStoragePath
        except ImportError:
            from airflow.io.path import ObjectStoragePath
        path = ObjectStoragePath(base) / ".aileron-preflight" / str(uuid.uuid4())
        if path.protocol == "file":  # Elsewhere that would make a bucket that is missing.
            path.parent.mkdir(parents=True, exist_ok=True)
        return str(path)

    def put():
        with path.open("wb") as file:
            file.write(content)

    def get():
        with path.open("rb") as file:
            if file.read() != content:
                raise ValueError("what was read is not what was written")

    def list_():
        names = [found.name for found in path.parent.iterdir()]
        if path.name not in names:
            raise ValueError("the object is not in the list of its directory")

    def delete():
        path.unlink()
        if path.exists():
            raise ValueError("the object is still there")
        if path.protocol == "file":
            path.parent.rmdir()

    if step("open", open_path) and step("put", put):
        step("get", get)
        step("list", list_)
        step("delete", delete)


def _lifecycle(base):
    fact = {"fact": "lifecycle", "rules": None}
    scheme, _, rest = (base or "").partition("://")
    fact["scheme"] = scheme
    if scheme not in ("s3", "s3a"):
        return fact
    try:
        from airflow.sdk import ObjectStoragePath

        bucket, _, prefix = rest.rpartition("@")[2].partition("/") if "@" in rest.partition("/")[0] else rest.partition("/")
        fact["bucket"] = bucket
        fact["prefix"] = prefix.strip("/")
        answer = ObjectStoragePath(base).fs.call_s3("get_bucket_lifecycle_configuration", Bucket=bucket)
        fact["rules"] = [_rule(rule) for rule in answer.get("Rules", [])]
    except Exception as error:
        if "NoSuchLifecycleConfiguration" in _text(error) or "lifecycle configuration does not exist" in _text(error):
            fact["rules"] = []
        else:
            fact["problem"] = _text(error)
    return fact


def _rule(rule):
    conditions = rule.get("Filter", {})
    both = conditions.get("And", {})
    others = [name for name in list(conditions) + list(both) if name not in ("Prefix", "And")]
    prefix = conditions.get("Prefix", both.get("Prefix", rule.get("Prefix", "")))
    return {
        "id": rule.get("ID", ""),
        "enabled": rule.get("Status") == "Enabled",
        "prefix": None if others else prefix,
        "days": rule.get("Expiration", {}).get("Days"),
    }


def _sizes(database):
    """How long XComs are, by Dag, task and key. No value leaves the database."""
    try:
        opened = database()
        length = "octet_length(cast(x.value as text))" if opened.dialect == "postgresql" else "length(cast(x.value as blob))"
        if opened.dialect == "mysql":
            length = "length(x.value)"
        named = "x.dag_id, x.task_id, x.key, %s as n from %s x"
        by_try = "ti.dag_id, ti.task_id, x.key, %s as n from %s x join task_instance ti on ti.id = x.task_instance_id"
        for table, select in (("xcom", named), ("xcom_v1", named), ("xcom_v2", by_try)):
            if not _has_table(opened, table):
                continue
            source = select % (length, table)
            statement = "select dag_id, task_id, key, n, count(*) as c from (select %s) s group by dag_id, task_id, key, n" % source
            for row in opened.rows(statement, {}, stream=True):
                yield {
                    "fact": "size",
                    "dag_id": row["dag_id"],
                    "task_id": row["task_id"],
                    "key": row["key"],
                    "bytes": int(row["n"] or 4),
                    "count": int(row["c"]),
                }
        yield {"fact": "sizes-read"}
    except Exception as error:
        yield {"fact": "sizes-not-read", "problem": scrub(_text(error))}


def _has_table(opened, table):
    if opened.dialect == "sqlite":
        statement = "select count(*) as n from sqlite_master where name = :name"
    else:
        statement = "select count(*) as n from information_schema.tables where table_name = :name"
    return any(row["n"] for row in opened.rows(statement, {"name": table}))


def _text(error):
    return (type(error).__name__ + ": " + str(error)).strip()[:500]
