# Says what Airflow resolves for each option. Of a secret it says whether there is one, and how long it is.
def probe(request, database):
    import configparser
    import tempfile

    # Without an airflow.cfg, Airflow writes one with keys that it makes up as soon as it is imported.
    config = os.environ.get("AIRFLOW_CONFIG")
    if not config:
        home = os.environ.get("AIRFLOW_HOME", "~/airflow")
        config = os.path.join(home, "airflow.cfg")
    config = os.path.expanduser(os.path.expandvars(config))
    empty = None
    if not os.path.isfile(config):
        empty = tempfile.NamedTemporaryFile(suffix=".cfg")
        os.environ["AIRFLOW_CONFIG"] = empty.name
    try:
        yield from _answers(request, database, config, empty is None, configparser)
    finally:
        if empty is not None:
            empty.close()


def _answers(request, database, config, has_file, configparser):
    import warnings

    warnings.simplefilter("ignore")
    # The configuration alone is imported: no logging is set up, and no directories are made.
    os.environ.setdefault("_AIRFLOW__AS_LIBRARY", "1")
    try:
        from airflow.configuration import conf
        from airflow.version import version
    except ImportError:
        raise Refused("import", "there is no Airflow in " + sys.executable) from None

    providers = {}
    try:
        from importlib.metadata import PackageNotFoundError, version as installed

        for name in ("common-io", "cncf-kubernetes", "celery", "fab"):
            try:
                providers[name] = installed("apache-airflow-providers-" + name)
            except PackageNotFoundError:
                pass
    except ImportError:
        pass
    yield {
        "kind": "airflow",
        "version": version,
        "python": "%d.%d.%d" % sys.version_info[:3],
        "config": config if has_file else None,
        "providers": providers,
    }

    parsed = configparser.RawConfigParser(strict=False)
    if has_file:
        try:
            parsed.read(config)
        except configparser.Error as error:
            yield {"kind": "note", "text": "airflow.cfg cannot be read: " + type(error).__name__}

    for option in request["options"]:
        yield _option(conf, parsed, option)
    if request["dags"]:
        for row in _dags(database):
            yield row


def _option(conf, parsed, option):
    section, key, secret = option["section"], option["key"], option["secret"]
    answer = {"kind": "option", "section": section, "key": key, "source": _source(parsed, section, key)}
    try:
        value = conf.get(section, key, fallback=None)
    except Exception as error:
        # What went wrong may quote a value.
        answer["problem"] = type(error).__name__
        return answer
    # Keys that Airflow makes up when nothing is set are not settings.
    if secret and answer["source"] is None:
        value = None
    if not secret:
        answer["value"] = value
    elif value:
        answer["secret"] = {"bytes": len(value.encode()), "fernet": _is_fernet(value) if key == "fernet_key" else None}
    return answer


def _source(parsed, section, key):
    variable = "AIRFLOW__%s__%s" % (section.replace(".", "_").upper(), key.upper())
    for suffix in ("", "_CMD", "_SECRET"):
        if variable + suffix in os.environ:
            return variable + suffix
    for suffix in ("", "_cmd", "_secret"):
        if parsed.has_option(section, key + suffix):
            return "airflow.cfg"
    return None


def _is_fernet(value):
    try:
        return all(len(base64.urlsafe_b64decode(part.strip())) == 32 for part in value.split(","))
    except ValueError:
        return False


def _dags(database):
    import zlib

    statement = (
        "SELECT d.dag_id, s.data, s.data_compressed FROM dag d JOIN dag_version v ON v.dag_id = d.dag_id"
        " JOIN serialized_dag s ON s.dag_version_id = v.id WHERE d.is_stale = :stale AND v.version_number ="
        " (SELECT max(w.version_number) FROM dag_version w WHERE w.dag_id = d.dag_id) ORDER BY d.dag_id"
    )
    for row in database().rows(statement, {"stale": False}, stream=True):
        data = row["data"]
        if data is None and row["data_compressed"] is not None:
            data = zlib.decompress(row["data_compressed"])
        if isinstance(data, (str, bytes)):
            data = json.loads(data)
        wanted = ("task_id", "_is_mapped", "retries", "retry_delay", "retry_exponential_backoff", "max_retry_delay")
        tasks = []
        for task in (data or {}).get("dag", {}).get("tasks", []):
            task = task.get("__var", task)
            kept = {name: task[name] for name in wanted if name in task}
            partial = task.get("partial_kwargs")
            if isinstance(partial, dict):
                kept["partial_kwargs"] = {name: partial[name] for name in wanted if name in partial}
            tasks.append(kept)
        defaults = ((data or {}).get("client_defaults") or {}).get("tasks") or {}
        yield {
            "kind": "dag",
            "dag_id": row["dag_id"],
            "data": {
                "client_defaults": {"tasks": {name: defaults[name] for name in wanted if name in defaults}},
                "dag": {"tasks": tasks},
            },
        }
