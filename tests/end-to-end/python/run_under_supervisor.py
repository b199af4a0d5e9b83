"""Runs tasks under Airflow's own supervisor code, with an API server that is a few dictionaries in this process.

Reads one JSON object per line from standard input (the fields are those of `Task` in src/supervised.rs), runs the task it
describes, and answers with one line of JSON on standard output: how the task ended, every request that reached the API,
and every log line.
"""

import atexit
import json
import logging
import os
import shutil
import signal
import sys
import tempfile
import time
import uuid
from datetime import datetime, timezone

# Airflow looks for its configuration when it is imported.
HOME = os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="aileron-supervisor-")
OWNER = os.getpid()


@atexit.register
def remove_home():
    # Python tasks run in forks of this process.
    if os.getpid() == OWNER:
        shutil.rmtree(HOME, ignore_errors=True)


import structlog  # noqa: E402

from airflow.sdk.api import client as api_client  # noqa: E402
from airflow.sdk.api.datamodels._generated import BundleInfo, TaskInstance  # noqa: E402
from airflow.sdk.coordinators._subprocess import _PopenActivitySubprocess  # noqa: E402
from airflow.sdk.execution_time import supervisor  # noqa: E402

# Airflow 3.3 talks HTTP with httpx, 3.4 with httpx2.
http = getattr(api_client, "httpx", None) or api_client.httpx2

SHOWN_BODY = 4096


def now():
    return datetime.now(tz=timezone.utc).isoformat()


class Server:
    """Answers the requests of one task instance."""

    def __init__(self, task):
        self.task = task
        self.requests = []
        self.started = time.monotonic()
        self.ended = None
        self.process = None
        self.kill_at = task.get("kill_at")

    def __call__(self, request):
        path = request.url.path.removeprefix("/")
        body = request.read()
        self.requests.append(
            {
                "method": request.method,
                "path": path,
                "query": dict(request.url.params),
                "length": len(body),
                "body": json.loads(body) if body and len(body) <= SHOWN_BODY else None,
            }
        )
        kind, _, rest = path.partition("/")
        answer = getattr(self, f"answer_{kind.replace('-', '_')}", None)
        if answer is None:
            return http.Response(501, json={"detail": f"the test's API server does not know {path}"})
        self.kill("arrived", request, body)
        response = answer(request, rest, body)
        self.kill("done", request, body)
        return response

    def kill(self, moment, request, body):
        """Ends the executable at the request that the task names."""
        kill = self.kill_at
        if (
            kill
            and self.process
            and kill["moment"] == moment
            and kill["method"] == request.method
            and kill["path_with"] in request.url.path
            and kill["body_with"].encode() in body
        ):
            self.kill_at = None
            os.kill(self.process.pid, signal.SIGKILL)

    def answer_store(self, request, rest, body):
        kind, _ti_id, key = rest.split("/", 2)
        if kind != "ti":
            return http.Response(501, json={"detail": f"the test's API server does not know store/{kind}"})
        store = self.task["task_state_store"]
        if request.method == "PUT":
            store[key] = json.loads(body)
            return http.Response(204)
        if request.method == "DELETE":
            store.pop(key, None)
            return http.Response(204)
        if key not in store:
            return http.Response(404, json={"detail": {"reason": "not_found", "message": f"no key {key}"}})
        return http.Response(200, json={"value": store[key]["value"]})

    def answer_task_instances(self, request, rest, body):
        action = rest.partition("/")[2]
        if action == "run":
            return http.Response(200, json=self.context())
        if action == "heartbeat":
            limit = self.task.get("terminated_by_server_after")
            if limit is not None and time.monotonic() - self.started >= limit:
                return http.Response(409, json={"detail": {"reason": "not_running", "current_state": "failed"}})
        if action == "state":
            self.ended = time.monotonic()
        return http.Response(204)

    def context(self):
        task = self.task
        context = {
            "dag_run": {
                "dag_id": task["dag_id"],
                "run_id": task["run_id"],
                "logical_date": "2026-01-02T03:04:05Z",
                "data_interval_start": "2026-01-01T00:00:00Z",
                "data_interval_end": "2026-01-02T00:00:00Z",
                "run_after": "2026-01-02T03:04:05Z",
                "start_date": now(),
                "end_date": None,
                "run_type": "manual",
                "state": "running",
                "conf": task.get("conf"),
                "consumed_asset_events": [],
                "partition_key": None,
            },
            "max_tries": task["max_tries"],
            "should_retry": task["should_retry"],
            "xcom_keys_to_clear": task.get("xcom_keys_to_clear") or [],
        }
        if task.get("arg_bindings") is not None:
            context["arg_bindings"] = task["arg_bindings"]
        return context

    def answer_xcoms(self, request, rest, body):
        _dag_id, _run_id, task_id, key = rest.split("/", 3)
        xcoms = self.task["xcoms"]
        name = f"{task_id}/{key}"
        if request.method == "POST":
            xcoms[name] = json.loads(body)
            return http.Response(201, json={"message": "stored"})
        if request.method == "DELETE":
            xcoms.pop(name, None)
            return http.Response(200, json={"message": "deleted"})
        if name not in xcoms:
            return http.Response(404, json={"detail": {"reason": "not_found", "message": f"no XCom {name}"}})
        return http.Response(200, json={"key": key, "value": xcoms[name]})

    def answer_variables(self, request, key, body):
        variables = self.task["variables"]
        if request.method == "PUT":
            variables[key] = json.loads(body)["value" if "value" in json.loads(body) else "val"]
            return http.Response(201, json={"message": "stored"})
        if request.method == "DELETE":
            variables.pop(key, None)
            return http.Response(204)
        if key not in variables:
            return http.Response(404, json={"detail": {"reason": "not_found"}})
        return http.Response(200, json={"key": key, "value": variables[key]})

    def answer_connections(self, request, conn_id, body):
        connections = self.task["connections"]
        if conn_id not in connections:
            return http.Response(404, json={"detail": {"reason": "not_found"}})
        fields = ("conn_type", "host", "schema", "login", "password", "port", "extra")
        known = connections[conn_id]
        return http.Response(200, json={"conn_id": conn_id, **{field: known.get(field) for field in fields}})


class Log:
    """Keeps the lines that the supervisor would write to the task's log, and may send a signal at one of them."""

    def __init__(self, task):
        self.lines = []
        self.file = None
        self.signal = task.get("signal")
        self.process = None

    def logger(self):
        return structlog.wrap_logger(
            None,
            processors=[structlog.processors.add_log_level, self.keep],
            wrapper_class=structlog.make_filtering_bound_logger(logging.NOTSET),
        ).bind()

    def keep(self, _logger, _method, event):
        self.lines.append(json.loads(json.dumps(event, default=str)))
        if self.signal and self.process and self.signal["at_line_with"] in str(event.get("event")):
            os.kill(self.process.pid, self.signal["number"])
            self.signal = None
        raise structlog.DropEvent


def start(task, server, log):
    instance = TaskInstance(
        id=uuid.uuid4(),
        task_id=task["task_id"],
        dag_id=task["dag_id"],
        run_id=task["run_id"],
        try_number=task["try_number"],
        dag_version_id=uuid.uuid4(),
        map_index=-1,
    )
    client = api_client.Client(base_url=None, token="", dry_run=True, transport=http.MockTransport(server))
    logger = log.logger()
    if task.get("log_to_file"):
        # As a worker has it: Airflow's own writer, and a file below the log folder.
        logger, log.file = supervisor._configure_logging("task.log", client)
    common = {
        "what": instance,
        "dag_rel_path": task["dag_file"],
        "bundle_info": BundleInfo(name="dags-folder"),
        "client": client,
        "logger": logger,
        "subprocess_logs_to_stdout": False,
    }
    if not task["command"]:
        # A Python task, run by Airflow's own task runner in a fork of this process.
        return supervisor.ActivitySubprocess.start(**common)
    return _PopenActivitySubprocess.start(
        **common,
        command=task["command"],
        subprocess_schema_version=task["schema_version"],
        startup_timeout=task["startup_timeout"],
    )


def run(task):
    server = Server(task)
    log = Log(task)
    result = {"exit_code": None, "final_state": None, "error": None}
    try:
        process = log.process = server.process = start(task, server, log)
        result["exit_code"] = process.wait()
        result["final_state"] = str(getattr(process.final_state, "value", process.final_state))
    except Exception as error:
        result["error"] = f"{type(error).__name__}: {error}"
    log_file = None
    if log.file:
        log.file.close()
        with open(log.file.name, encoding="utf-8") as file:
            log_file = file.read()
        os.remove(log.file.name)
    ended = time.monotonic()
    return {
        **result,
        "seconds": ended - server.started,
        "seconds_to_terminal_request": server.ended and server.ended - server.started,
        "requests": server.requests,
        "xcoms": task["xcoms"],
        "task_state_store": task["task_state_store"],
        "logs": log.lines,
        "log_file": log_file,
    }


def main():
    # What Airflow prints must not get between the answers, and is of no use between the lines of a test either.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with open(os.path.join(HOME, "supervisor.log"), "wb") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    for line in sys.stdin:
        answers.write(json.dumps(run(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
