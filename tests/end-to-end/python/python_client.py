"""Calls every operation of Airflow's own client, `airflow.sdk.api.client`, on several servers.

Usage: python_client.py, with JSON on standard input: `servers` (URLs of Execution APIs), `run_id`, and `workloads` (those of
`execution_api.py`, by task). All servers have the same database.

Prints for each server a list of what was called, and what came back or was raised; and the operations that nobody called.
"""

import inspect
import json
import os
import sys
from datetime import datetime, timedelta, timezone

# Airflow logs to standard output, where the answer goes.
ANSWER = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import pydantic
from airflow.sdk.api import client as client_module
from airflow.sdk.api.client import Client
from airflow.sdk.execution_time import comms

DAG = "execution_api"
NOTHING = "0199a000-0000-7000-8000-000000000000"
THEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
OPERATIONS = {
    name: each for name, each in vars(client_module).items() if inspect.isclass(each) and name.endswith("Operations")
}


class Called:
    """One server, with a client for each task as its supervisor has one."""

    def __init__(self, url, workloads):
        self.clients = {
            task: Client(base_url=url, token=workload["token"]) for task, workload in workloads.items()
        }
        self.ids = {task: workload["ti"]["id"] for task, workload in workloads.items()}
        self.notes = []
        self.operations = set()

    def call(self, task, group, operation, *arguments, **named):
        operations = getattr(self.clients[task], group)
        self.operations.add((type(operations).__name__, operation))
        try:
            came = {"returned": shown(getattr(operations, operation)(*arguments, **named))}
        except Exception as error:
            came = {"raised": type(error).__name__}
            if response := getattr(error, "response", None):
                came["status"] = response.status_code
                came["detail"] = shown(getattr(error, "detail", None))
            else:
                came["text"] = str(error)
        shown_arguments = ", ".join([*map(repr, arguments), *(f"{name}={value!r}" for name, value in named.items())])
        self.notes.append({"called": f"{task}: {group}.{operation}({shown_arguments})", **came})


def shown(value):
    if isinstance(value, pydantic.BaseModel):
        return {"type": type(value).__name__, **value.model_dump(mode="json")}
    if isinstance(value, list):
        return [shown(item) for item in value]
    return value


def beginnings(on):
    """Who may ask, and how a task starts."""
    one = on.ids["one"]
    on.call("one", "task_instances", "heartbeat", one, 1)
    on.call("one", "variables", "get", "any")
    on.call("one", "task_instances", "start", NOTHING, 1, THEN)
    on.call("one", "task_instances", "start", one, 1, THEN)
    on.call("one", "task_instances", "start", one, 1, THEN)
    on.call("one", "task_instances", "start", one, 2, THEN)
    on.call("one", "task_instances", "heartbeat", one, 1)
    on.call("one", "task_instances", "heartbeat", one, 2)
    on.call("one", "task_instances", "heartbeat", on.ids["two"], 1)
    for task in ("two", "after", "mapped[0]", "mapped[1]", "mapped[2]"):
        on.call(task, "task_instances", "start", on.ids[task], 1, THEN)


def questions(on, run_id):
    one = on.ids["one"]
    on.call("one", "task_instances", "set_rtif", one, {"query": "select 'ü'", "n": "1"})
    on.call("one", "task_instances", "set_rtif", one, {"a": [1, {"b": None}]})
    on.call("mapped[0]", "task_instances", "set_rendered_map_index", on.ids["mapped[0]"], "first")
    on.call("mapped[0]", "task_instances", "set_rendered_map_index", on.ids["mapped[0]"], "x" * 251)
    on.call("one", "task_instances", "get_previous_successful_dagrun", one)
    for number in (1, 7):
        on.call("one", "task_instances", "get_reschedule_start_date", one, number)
    for query in (
        {},
        {"task_ids": ["mapped", "two"]},
        {"map_index": 1},
        {"states": ["running", "queued"]},
        {"states": ["null"], "run_ids": [run_id]},
        {"states": ["nonsense"]},
        {"logical_dates": [THEN]},
        {"run_ids": []},
    ):
        on.call("one", "task_instances", "get_count", DAG, **query)
    on.call("one", "task_instances", "get_count", "no such Dag")
    for query in ({}, {"task_ids": ["one"]}, {"map_index": 2}, {"run_ids": [run_id]}, {"logical_dates": [THEN]}):
        on.call("one", "task_instances", "get_task_states", DAG, **query)
    for query in ({}, {"logical_date": THEN}, {"state": "running"}, {"map_index": 1}):
        on.call("one", "task_instances", "get_previous", DAG, "one", **query)
    on.call("one", "task_instances", "get_task_breakcrumbs", DAG, run_id)
    on.call("one", "task_instances", "validate_inlets_and_outlets", one)
    on.call("two", "task_instances", "validate_inlets_and_outlets", on.ids["two"])
    on.call("one", "task_instances", "validate_inlets_and_outlets", on.ids["two"])
    for dag_id in (DAG, "no such Dag"):
        on.call("one", "dags", "get", dag_id)
    for connection in ("shop", "nobody", "with/slash"):
        on.call("one", "connections", "get", connection)


def values(on, run_id):
    where = (DAG, run_id, "one")
    for key, value in (("return_value", {"a": [1, 2.5, None]}), ("text", "ü \U0001f600"), ("null", None), ("a b", True)):
        on.call("one", "xcoms", "set", *where, key, value)
        on.call("one", "xcoms", "get", *where, key)
    on.call("one", "xcoms", "set", *where, "result", [1, 2], dag_result=True, mapped_length=2)
    on.call("one", "xcoms", "set", *where, "too long", [1], mapped_length=1_000_000)
    for index in range(3):
        on.call(f"mapped[{index}]", "xcoms", "set", DAG, run_id, "mapped", "return_value", index * 10, map_index=index)
    everywhere = (DAG, run_id, "mapped", "return_value")
    on.call("two", "xcoms", "head", *everywhere)
    on.call("two", "xcoms", "head", *where, "nothing")
    on.call("two", "xcoms", "get", *everywhere, map_index=1)
    on.call("two", "xcoms", "get", *everywhere)
    on.call("two", "xcoms", "get", *where, "nothing")
    on.call("two", "xcoms", "get", *where, "text", include_prior_dates=True)
    for offset in (0, -1, 5):
        on.call("two", "xcoms", "get_sequence_item", *everywhere, offset)
    for bounds in ((None, None, None), (1, None, None), (None, 2, None), (-2, None, None), (None, None, -1), (0, 3, 2)):
        on.call("two", "xcoms", "get_sequence_slice", *everywhere, *bounds)
    on.call("two", "xcoms", "get_sequence_slice", *everywhere, 0, 2, None, include_prior_dates=True)
    on.call("mapped[0]", "xcoms", "delete", *everywhere, map_index=0)
    on.call("one", "xcoms", "delete", *where, "text")
    on.call("one", "xcoms", "delete", *where, "nothing")
    for key, value in (("v", "1"), ("v", "2"), ("v/with/slashes", "ü"), ("none", None), ("prefix_a", ""), ("prefix_b", "b")):
        on.call("one", "variables", "set", key, value, "described")
        on.call("one", "variables", "get", key)
    on.call("one", "variables", "get", "unknown")
    for query in ({}, {"prefix": "prefix_"}, {"limit": 1, "offset": 1}, {"limit": 0}, {"limit": 1_000_000}):
        on.call("one", "variables", "keys", **query)
    for key in ("v", "unknown"):
        on.call("one", "variables", "delete", key)


def stores(on):
    one = on.ids["one"]
    for key, value, expires in (
        ("n", 1, None),
        ("n", {"a": [None]}, THEN + timedelta(days=36500)),
        ("with/slash and ü", "x", None),
        ("", 1, None),
        ("null", None, None),
        ("past", 1, THEN),
    ):
        on.call("one", "task_state_store", "set", one, key, value, expires)
    for key in ("n", "with/slash and ü", "unknown"):
        on.call("one", "task_state_store", "get", one, key)
    on.call("one", "task_state_store", "get", on.ids["two"], "n")
    for key in ("n", "unknown"):
        on.call("one", "task_state_store", "delete", one, key)
    on.call("two", "task_state_store", "set", on.ids["two"], "n", 1, None)
    on.call("two", "task_state_store", "clear", on.ids["two"])
    for asset in ({"name": "orders"}, {"uri": "file:///orders"}, {"name": "unknown"}, {"uri": "x://unknown"}, {}):
        on.call("one", "asset_state_store", "set", "k", {"a": 1}, **asset)
        on.call("one", "asset_state_store", "get", "k", **asset)
        on.call("one", "asset_state_store", "get", "unknown", **asset)
        on.call("one", "asset_state_store", "delete", "k", **asset)
        on.call("one", "asset_state_store", "clear", **asset)
    on.call("one", "asset_state_store", "set", "stays", [1], name="orders")


def assets(on):
    for asset in ({"name": "orders"}, {"uri": "file:///orders"}, {"name": "unknown"}, {"uri": "x://unknown"}, {}):
        on.call("one", "assets", "get", **asset)
    for alias in ("any", "unknown"):
        on.call("one", "assets", "get_by_alias", alias)


def events(on):
    for query in (
        {"name": "orders"},
        {"uri": "file:///orders"},
        {"name": "orders", "uri": "file:///orders"},
        {"alias_name": "any"},
        {"name": "unknown"},
        {"name": "orders", "after": THEN, "limit": 1, "ascending": False},
        {"name": "orders", "before": THEN},
        {},
    ):
        on.call("two", "asset_events", "get", **query)


def runs(on, run_id):
    on.call("two", "dag_runs", "trigger", DAG, "plain")
    on.call("two", "dag_runs", "trigger", DAG, "plain")
    on.call("two", "dag_runs", "trigger", DAG, "full", {"a": [1]}, THEN, THEN, note="a note")
    on.call("two", "dag_runs", "trigger", DAG, "same date", {}, THEN)
    on.call("two", "dag_runs", "trigger", "no such Dag", "x")
    on.call("two", "dag_runs", "trigger", DAG, "plain", reset_dag_run=True)
    on.call("two", "dag_runs", "clear", DAG, "plain")
    on.call("two", "dag_runs", "clear", DAG, "unknown")
    for which in ("plain", "full", run_id, "unknown"):
        on.call("two", "dag_runs", "get_state", DAG, which)
        on.call("two", "dag_runs", "get_detail", DAG, which)
    for query in ({}, {"states": ["queued"]}, {"run_ids": ["plain", "x"]}, {"logical_dates": [THEN]}, {"states": ["x"]}):
        on.call("two", "dag_runs", "get_count", DAG, **query)
    for query in ({}, {"state": "queued"}, {"state": "x"}):
        on.call("two", "dag_runs", "get_previous", DAG, THEN + timedelta(days=1), **query)
    on.call("two", "dag_runs", "get_previous", DAG, THEN)


def people(on):
    one = on.ids["one"]
    on.call("one", "hitl", "get_detail_response", ti_id=one)
    on.call("one", "hitl", "update_response", ti_id=one, chosen_options=["yes"], params_input={})
    question = {"ti_id": one, "options": ["yes", "no"], "subject": "Really?"}
    on.call("one", "hitl", "add_response", **question, body="A *body*", defaults=["no"], params={"n": {"value": 1}})
    on.call("one", "hitl", "add_response", **question)
    on.call("one", "hitl", "get_detail_response", ti_id=one)
    on.call("one", "hitl", "update_response", ti_id=one, chosen_options=["yes"], params_input={"n": 2})
    on.call("one", "hitl", "update_response", ti_id=one, chosen_options=["no"], params_input={})
    on.call("one", "hitl", "get_detail_response", ti_id=one)


def connection_tests(on):
    on.call("one", "connection_tests", "get_connection", on.ids["one"])
    on.call("one", "connection_tests", "update_state", on.ids["one"], "success", "well")


def ends(on):
    """How a task ends, and what is refused afterwards."""
    on.call("two", "task_instances", "skip_downstream_tasks", on.ids["two"], comms.SkipDownstreamTasks(tasks=["after"]))
    outlets = [{"name": "orders", "uri": "file:///orders", "type": "Asset"}]
    extra = [{"dest_asset_key": {"name": "orders", "uri": "file:///orders"}, "extra": {"rows": 3}}]
    on.call("one", "task_instances", "succeed", on.ids["one"], THEN, outlets, extra, "label")
    on.call("one", "task_instances", "succeed", on.ids["one"], THEN, outlets, extra, "label")
    on.call("one", "task_instances", "heartbeat", on.ids["one"], 1)
    on.call("one", "task_instances", "finish", on.ids["one"], "failed", THEN, None)
    defer = comms.DeferTask(
        classpath="a.B", next_method="go_on", trigger_kwargs={"moment": 1}, trigger_timeout=timedelta(hours=1)
    )
    on.call("mapped[0]", "task_instances", "defer", on.ids["mapped[0]"], defer)
    reschedule = comms.RescheduleTask(reschedule_date=THEN + timedelta(days=1), end_date=THEN)
    on.call("mapped[1]", "task_instances", "reschedule", on.ids["mapped[1]"], reschedule)
    wait = comms.AwaitInputTask(next_method="go_on", timeout=timedelta(hours=1))
    on.call("mapped[2]", "task_instances", "await_input", on.ids["mapped[2]"], wait)
    on.call("after", "task_instances", "finish", on.ids["after"], "nonsense", THEN, None)
    on.call("after", "task_instances", "finish", on.ids["after"], "skipped", THEN, "label")
    on.call("two", "task_instances", "retry", on.ids["two"], THEN, None, 1.5, "once more")


def main():
    asked = json.load(sys.stdin)
    answers, called = [], set()
    for url in asked["servers"]:
        on = Called(url, asked["workloads"])
        beginnings(on)
        questions(on, asked["run_id"])
        values(on, asked["run_id"])
        stores(on)
        assets(on)
        runs(on, asked["run_id"])
        people(on)
        connection_tests(on)
        ends(on)
        events(on)
        answers.append(on.notes)
        called |= on.operations
    there = {
        (name, operation)
        for name, each in OPERATIONS.items()
        for operation in vars(each)
        if not operation.startswith("_") and operation != "client"
    }
    print(json.dumps({"answers": answers, "not_called": sorted(there - called)}, default=str), file=ANSWER)


if __name__ == "__main__":
    main()
