"""Record frames of a real Airflow supervisor.

Run it with the Python of an Airflow installation:

    python record_frames.py DIRECTORY [--schema-version VERSION]

Airflow's own classes do the work: `CommsDecoder` writes the requests, `ActivitySubprocess` reads
and answers them. Only the API client is a stand-in that returns fixed data. `to_task.bin` and
`to_supervisor.bin` hold the frames of one direction, one behind the other; `index.json` says what
each holds. The data is the same on every run, so a second recording shows what a new Airflow does
differently.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
import tempfile
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="record-frames-"))
os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "CRITICAL")

import airflow  # noqa: E402
import msgspec  # noqa: E402
import structlog  # noqa: E402
from airflow.dag_processing import processor  # noqa: E402
from airflow.sdk.api.datamodels import _generated as api  # noqa: E402
from airflow.sdk.exceptions import ErrorType  # noqa: E402
from airflow.sdk.execution_time import comms, supervisor  # noqa: E402
from airflow.sdk.execution_time.schema import get_schema_version_migrator  # noqa: E402
from pydantic import TypeAdapter  # noqa: E402

TI_ID = UUID("019c5f3e-7a2b-7c4d-9e8f-0123456789ab")
DAG_VERSION_ID = UUID("019c5f3e-0000-7000-8000-00000000d0d0")
EARLY = datetime(1969, 7, 20, 20, 17, 40, tzinfo=timezone.utc)  # before 1970: the 12-byte form
WHOLE = datetime(2026, 11, 20, 6, 30, tzinfo=timezone.utc)  # whole seconds: the 4-byte form
MICROS = datetime(2026, 11, 20, 6, 30, 1, 250_001, tzinfo=timezone.utc)  # the 8-byte form
OFFSET = datetime(2026, 11, 20, 9, 30, tzinfo=timezone(timedelta(hours=3)))
TREE = {"text": "Zürich", "numbers": [0, -1, 2**53, 1.5, -0.25], "nested": {"null": None, "yes": True, "empty": {}}}


def known(cls, **fields):
    """Make an instance with those of the fields that this version of the class has."""
    names = set(cls.model_fields) | {f.alias for f in cls.model_fields.values() if f.alias}
    return cls(**{name: value for name, value in fields.items() if name in names})


def asset(name="orders"):
    return api.AssetResponse(name=name, uri=f"s3://{name}", group="asset", extra={"rows": 3, "owner": None})


def dag_run(**fields):
    event = known(
        api.AssetEventDagRunReference,
        asset=api.AssetReferenceAssetEventDagRun(name="orders", uri="s3://orders", extra=TREE),
        extra=TREE,
        source_task_id="load",
        source_dag_id="upstream",
        source_run_id="r0",
        source_map_index=-1,
        source_aliases=[api.AssetAliasReferenceAssetEventDagRun(name="any-order")],
        timestamp=MICROS,
        partition_key="uk",
    )
    values = dict(
        dag_id="orders",
        run_id="manual__2026-11-20",
        logical_date=WHOLE,
        data_interval_start=EARLY,
        data_interval_end=WHOLE,
        run_after=MICROS,
        start_date=MICROS,
        end_date=None,
        clear_number=1,
        run_type="manual",
        state="running",
        conf={"country": "uk", "limits": [1, 2.5], "dry": None},
        triggering_user_name="ada",
        consumed_asset_events=[event],
        partition_key=None,
        note="look here",
    )
    return known(api.DagRun, **{**values, **fields})


def task_instance(rich: bool):
    values = dict(
        id=TI_ID,
        task_id="summarise",
        dag_id="orders",
        run_id="manual__2026-11-20",
        try_number=2,
        dag_version_id=DAG_VERSION_ID,
        map_index=-1,
    )
    if rich:
        values |= dict(
            map_index=3,
            hostname="worker-1",
            queue="rust",
            context_carrier={"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
            region_id=DAG_VERSION_ID,
            region_index=4,
        )
    return known(api.TaskInstance, **values)


def workload_task_instance():
    """The class that executors really hand to the supervisor; it has more fields."""
    try:
        from airflow.executors.workloads.task import TaskInstanceDTO as cls
    except ImportError:
        from airflow.executors.workloads import TaskInstance as cls
    return known(
        cls,
        id=TI_ID,
        task_id="extract",
        dag_id="orders",
        run_id="manual__2026-11-20",
        try_number=1,
        dag_version_id=DAG_VERSION_ID,
        pool_slots=1,
        queue="rust",
        priority_weight=7,
    )


def run_context(rich: bool, connections: bool = True):
    values = dict(dag_run=dag_run(), max_tries=0)
    if rich:
        values |= dict(
            task_reschedule_count=2,
            first_task_reschedule_start_date=EARLY,
            max_tries=3,
            variables=[api.VariableResponse(key="country", value="uk")],
            connections=[connection()] if connections else [],
            next_method="execute_complete",
            next_kwargs={"event": TREE},
            xcom_keys_to_clear=["return_value", "rows"],
            should_retry=True,
            start_date=EARLY,
            multi_team=True,
        )
        if hasattr(api, "LoopContext"):
            values["loop"] = api.LoopContext(
                node_id="loop", index=0, max_iterations=5, terminal_task_id="gate", terminal_is_mapped=False
            )
        if hasattr(api, "TaskArgBinding"):
            values["arg_bindings"] = [
                {"kind": "literal", "name": "country", "value": "uk", "value_schema": {"type": "string"}},
                {"kind": "literal", "name": "limit", "value": None, "from_default": True},
                {"kind": "xcom", "name": "rows", "task_id": "extract", "value_schema": {"type": "array", "items": {}}},
            ]
    return known(api.TIRunContext, **values)


def connection():
    return api.ConnectionResponse(
        conn_id="db", conn_type="postgres", host="db.example", schema="orders", login="ada", password="s3cret",
        port=5432, extra='{"sslmode": "require"}',
    )  # fmt: skip


def startups(connections: bool):
    """`(ti, bundle_info, ti_context)` of first frames."""
    bundle = known(api.BundleInfo, name="dags", version="abc", version_data={"commit": "abc"})
    poor = run_context(rich=False)
    yield task_instance(rich=False), known(api.BundleInfo, name="dags"), poor
    yield task_instance(rich=True), bundle, run_context(rich=True, connections=connections)
    yield workload_task_instance(), known(api.BundleInfo, name="dags", version=None), poor
    empty = dict(logical_date=None, data_interval_start=None, data_interval_end=None, conf=None, consumed_asset_events=[])
    encrypted = known(api.TIRunContext, dag_run=dag_run(**empty), max_tries=1, next_method="m", next_kwargs="gAAAAA==")
    yield task_instance(rich=True), bundle, encrypted


class StandIn:
    """Answers what the API client would, always the same."""

    def __init__(self, ti_context):
        missing = comms.ErrorResponse
        self.task_instances = SimpleNamespace(
            start=lambda *a, **k: ti_context,
            get_count=lambda **k: comms.TICount(count=4),
            get_task_states=lambda **k: api.TaskStatesResponse(task_states={"r1": {"extract": "success", "load": None}}),
            get_previous=lambda **k: comms.PreviousTIResult(task_instance=self.previous_ti()),
            get_previous_successful_dagrun=lambda *a: api.PrevSuccessfulDagRunResponse(
                data_interval_start=EARLY, data_interval_end=WHOLE, start_date=MICROS
            ),
            get_reschedule_start_date=lambda *a: comms.TaskRescheduleStartDate(start_date=MICROS),
            get_task_breakcrumbs=lambda **k: api.TaskBreadcrumbsResponse(
                breadcrumbs=[{"task_id": "extract", "map_index": -1, "state": "success", "operator": None, "duration": 1.5}]
            ),
            validate_inlets_and_outlets=lambda *a: api.InactiveAssetsResponse(
                inactive_assets=[api.AssetProfile(name="old", type="Asset"), api.AssetProfile(uri="s3://x", type="AssetUriRef")]
            ),
            update_dagrun_note=lambda *a: comms.OKResponse(ok=True),
            set_rtif=lambda *a: {"ok": True},
            set_rendered_map_index=lambda *a: {"ok": True},
            skip_downstream_tasks=lambda *a: None,
            succeed=lambda *a, **k: None,
            retry=lambda *a, **k: None,
            defer=lambda *a, **k: None,
            reschedule=lambda *a, **k: None,
            await_input=lambda *a, **k: None,
            awaiting_input=lambda *a, **k: None,
        )
        self.connections = SimpleNamespace(
            get=lambda conn_id: connection()
            if conn_id == "db"
            else missing(error=ErrorType.CONNECTION_NOT_FOUND, detail={"conn_id": conn_id})
        )
        self.variables = SimpleNamespace(
            get=lambda key: api.VariableResponse(key=key, value=None if key == "none" else "uk")
            if key != "missing"
            else missing(error=ErrorType.VARIABLE_NOT_FOUND, detail={"key": key}),
            keys=lambda **k: SimpleNamespace(keys=["a", "b"], total_entries=7),
            set=lambda *a: comms.OKResponse(ok=True),
            delete=lambda *a: comms.OKResponse(ok=True),
        )
        self.xcoms = SimpleNamespace(
            get=self.xcom,
            head=lambda *a, **k: comms.XComCountResponse(len=3),
            get_sequence_item=lambda *a, **k: api.XComSequenceIndexResponse(TREE),
            get_sequence_slice=lambda *a, **k: api.XComSequenceSliceResponse([1, "two", None, TREE]),
            set=self.set_xcom,
            delete=lambda *a, **k: None,
        )
        self.dag_runs = SimpleNamespace(
            get_count=lambda **k: comms.DRCount(count=9),
            get_state=lambda *a: api.DagRunStateResponse(state="failed"),
            get_previous=lambda **k: comms.PreviousDagRunResult(dag_run=dag_run(state="success")),
            get_detail=lambda *a: dag_run(),
            trigger=lambda *a, **k: missing(error=ErrorType.DAGRUN_ALREADY_EXISTS, detail={"run_id": "r"}),
        )
        self.dags = SimpleNamespace(
            get=lambda **k: api.DagResponse(
                dag_id="orders", is_paused=False, bundle_name="dags", bundle_version=None, relative_fileloc="orders.py",
                owners="ada, bob", tags=["daily"], next_dagrun=OFFSET,
            )
        )  # fmt: skip
        self.assets = SimpleNamespace(
            get=lambda **k: asset(),
            get_by_alias=lambda **k: comms.AssetsByAliasResult.from_asset_responses([asset(), asset("invoices")]),
        )
        self.asset_events = SimpleNamespace(get=lambda **k: self.asset_events_response())
        self.task_state_store = SimpleNamespace(
            get=lambda ti_id, key: api.TaskStateStoreResponse(value=TREE)
            if key != "missing"
            else missing(error=ErrorType.TASK_STORE_NOT_FOUND, detail={"key": key}),
            set=lambda *a, **k: None,
            delete=lambda *a: None,
            clear=lambda *a: None,
        )
        self.asset_state_store = SimpleNamespace(
            get=lambda key, **k: api.AssetStateStoreResponse(value=[1, 2]),
            set=lambda *a, **k: None,
            delete=lambda *a, **k: None,
            clear=lambda *a, **k: None,
        )
        self.hitl = SimpleNamespace(
            add_response=lambda **k: api.HITLDetailRequest(**{key: value for key, value in k.items()})
        )

    @staticmethod
    def xcom(dag_id, run_id, task_id, key, *rest, **kwargs):
        values = {"missing": None, "number": 1.5, "bulk": list(range(300)), "text": "x" * 300}
        return api.XComResponse(key=key, value=values.get(key, TREE))

    @staticmethod
    def set_xcom(dag_id, run_id, task_id, key, *rest, **kwargs):
        if key == "crash":
            raise ValueError("the store is on fire")

    @staticmethod
    def previous_ti():
        return known(
            api.PreviousTIResponse,
            task_id="extract", dag_id="orders", run_id="r0", logical_date=WHOLE, start_date=MICROS, end_date=None,
            state="success", try_number=1, map_index=2, duration=0.125, region_id=TI_ID, region_index=0,
        )  # fmt: skip

    @staticmethod
    def asset_events_response():
        created = known(
            api.DagRunAssetReference,
            run_id="r1", dag_id="reports", logical_date=None, start_date=MICROS, end_date=None, state="running",
            data_interval_start=None, data_interval_end=None, partition_key=None,
        )  # fmt: skip
        event = known(
            api.AssetEventResponse,
            id=17, timestamp=MICROS, extra=TREE, asset=asset(), created_dagruns=[created], source_task_id="load",
            source_dag_id="orders", source_run_id="r0", source_map_index=-1, partition_key="uk",
        )  # fmt: skip
        return api.AssetEventsResponse(asset_events=[event])


def requests():
    """Every message that a task can send, some more than once."""
    where = dict(dag_id="orders", run_id="manual__2026-11-20", task_id="extract")
    xcom = dict(where, key="return_value")
    ti = dict(ti_id=TI_ID)
    profile = [{"name": "orders", "uri": "s3://orders", "type": "Asset"}]
    question = dict(ti, options=["yes", "no"], subject="Go?", body="Really", defaults=["no"], multiple=True,
                    params={"why": {"type": "string"}}, assigned_users=[{"id": "1", "name": "ada"}])  # fmt: skip
    names = dict(name="orders", key="cursor")
    uris = dict(uri="s3://orders", key="cursor")
    table = {
        "GetXCom": [xcom, dict(xcom, key="missing"), dict(xcom, key="number", map_index=2, include_prior_dates=True),
                    dict(xcom, key="bulk"), dict(xcom, key="text", previous_iteration=True)],
        "GetXComCount": [xcom],
        "GetXComSequenceItem": [dict(xcom, offset=-1)],
        "GetXComSequenceSlice": [dict(xcom, start=None, stop=3, step=None), dict(xcom, start=1, stop=None, step=-1, include_prior_dates=True)],
        "SetXCom": [dict(xcom, value=TREE, map_index=1, mapped_length=3, dag_result=True), dict(xcom, value=None), dict(xcom, key="crash", value=1)],
        "DeleteXCom": [xcom, dict(xcom, map_index=0)],
        "GetVariable": [dict(key="country"), dict(key="none"), dict(key="missing")],
        "GetVariableKeys": [{}, dict(prefix="a", limit=2, offset=4)],
        "PutVariable": [dict(key="country", value="uk", description=None), dict(key="country", value=None, description="where")],
        "DeleteVariable": [dict(key="country")],
        "GetConnection": [dict(conn_id="db"), dict(conn_id="missing")],
        "GetTaskStateStore": [dict(ti, key="cursor"), dict(ti, key="missing")],
        "SetTaskStateStore": [dict(ti, key="cursor", value=TREE, expires_at=MICROS), dict(ti, key="cursor", value=1, expires_at=None)],
        "DeleteTaskStateStore": [dict(ti, key="cursor")],
        "ClearTaskStateStore": [ti],
        "GetAssetStateStoreByName": [names],
        "GetAssetStateStoreByUri": [uris],
        "SetAssetStateStoreByName": [dict(names, value=TREE)],
        "SetAssetStateStoreByUri": [dict(uris, value="x")],
        "DeleteAssetStateStoreByName": [names],
        "DeleteAssetStateStoreByUri": [uris],
        "ClearAssetStateStoreByName": [dict(name="orders")],
        "ClearAssetStateStoreByUri": [dict(uri="s3://orders")],
        "GetAssetByName": [dict(name="orders")],
        "GetAssetByUri": [dict(uri="s3://orders")],
        "GetAssetsByAlias": [dict(alias_name="any-order")],
        "GetAssetEventByAsset": [dict(name="orders", uri=None), dict(name=None, uri="s3://orders", after=EARLY, before=MICROS, limit=3,
                                 ascending=False, partition_key="uk", partition_key_regexp_pattern="u.", extra={"a": "b"})],
        "GetAssetEventByAssetAlias": [dict(alias_name="any-order"), dict(alias_name="any-order", after=OFFSET, extra={"a": "b"})],
        "GetDagRun": [dict(dag_id="orders", run_id="r1")],
        "GetDagRunState": [dict(dag_id="orders", run_id="r1")],
        "GetDRCount": [dict(dag_id="orders"), dict(dag_id="orders", logical_dates=[EARLY, MICROS], run_ids=["r1"], states=["failed"])],
        "GetDag": [dict(dag_id="orders")],
        "GetPrevSuccessfulDagRun": [ti],
        "GetPreviousDagRun": [dict(dag_id="orders", logical_date=WHOLE), dict(dag_id="orders", logical_date=OFFSET, state="success")],
        "GetPreviousTI": [dict(dag_id="orders", task_id="extract"), dict(dag_id="orders", task_id="extract", logical_date=WHOLE, map_index=2, state="success")],
        "GetTICount": [dict(dag_id="orders"), dict(dag_id="orders", map_index=1, task_ids=["a"], task_group_id="g", logical_dates=[WHOLE], run_ids=["r"], states=["failed"])],
        "GetTaskStates": [dict(dag_id="orders", task_ids=["extract"], run_ids=["r1"])],
        "GetTaskBreadcrumbs": [dict(dag_id="orders", run_id="r1")],
        "GetTaskRescheduleStartDate": [ti, dict(ti, try_number=3)],
        "TriggerDagRun": [dict(dag_id="reports", run_id="r"), dict(dag_id="reports", run_id="r", logical_date=WHOLE, run_after=MICROS, conf=TREE, reset_dag_run=True, note="n", partition_key="uk")],
        "UpdateDagRunNote": [dict(ti, note="look"), dict(ti, note=None)],
        "ValidateInletsAndOutlets": [ti],
        "SetRenderedFields": [dict(rendered_fields={"sql": "select 1", "params": TREE})],
        "SetRenderedMapIndex": [dict(rendered_map_index="uk")],
        "SetExecutionTimeout": [dict(timeout_seconds=30.5)],
        "MaskSecret": [dict(value="hunter2"), dict(value={"password": "hunter2"}, name="conn")],
        "CreateHITLDetailPayload": [dict(ti, options=["ok"], subject="Go?"), question],
        "UpdateHITLDetail": [dict(ti, chosen_options=["yes"]), dict(ti, chosen_options=["no"], params_input={"why": "late"})],
        "GetHITLDetailResponse": [ti],
        "SkipDownstreamTasks": [dict(tasks=["a", ("b", 2)])],
        "SucceedTask": [dict(end_date=WHOLE), dict(end_date=MICROS, task_outlets=profile, outlet_events=[{"extra": TREE}],
                        rendered_map_index="uk", loop_decision={"stop": True, "reason": "done"})],
        "RetryTask": [dict(end_date=WHOLE), dict(end_date=MICROS, rendered_map_index="uk", retry_delay_seconds=2.5, retry_reason="busy")],
        "TaskState": [dict(state="failed"), dict(state="skipped", end_date=MICROS, rendered_map_index="uk", retry_reason="no", loop_decision={"stop": False})],
        "DeferTask": [dict(classpath="a.B", next_method="m"), dict(classpath="a.B", next_method="m", trigger_kwargs={"at": 1}, trigger_timeout=timedelta(days=1, hours=2), next_kwargs={"x": None}, queue="q", rendered_map_index="uk")],
        "RescheduleTask": [dict(reschedule_date=MICROS, end_date=WHOLE)],
        "AwaitInputTask": [dict(next_method="m"), dict(next_method="m", timeout=timedelta(seconds=-5), next_kwargs={"x": 1})],
    }  # fmt: skip
    # It hands over a file descriptor, which a frame cannot show.
    skipped = {"ResendLoggingFD"}
    for cls in members(comms.ToSupervisor):
        if cls.__name__ in skipped:
            continue
        for fields in table[cls.__name__]:
            yield known(cls, **fields)


def members(union):
    return sorted(TypeAdapter(union)._type.__origin__.__args__, key=lambda cls: cls.__name__)


def jsonable(value):
    """What was on the wire, as JSON; instants become ISO 8601 text."""
    if isinstance(value, dict):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(item) for item in value]
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return value


class Recorder:
    def __init__(self):
        self.streams = {"to_task": bytearray(), "to_supervisor": bytearray()}
        self.index = {direction: [] for direction in self.streams}

    def add(self, direction: str, frame: bytes, note: str):
        assert int.from_bytes(frame[:4], "big") == len(frame) - 4
        self.streams[direction] += frame
        parts = msgspec.msgpack.decode(frame[4:])
        names = ["id", "body", "error"] if direction == "to_task" else ["id", "body", "context_carrier"]
        self.index[direction].append({"note": note} | dict(zip(names, jsonable(parts))))

    def write(self, directory: Path, schema_version: str):
        directory.mkdir(parents=True, exist_ok=True)
        for direction, stream in self.streams.items():
            (directory / f"{direction}.bin").write_bytes(stream)
        head = {"airflow": airflow.__version__, "schema_version": schema_version}
        parts = [f'"{key}": {json.dumps(value)}' for key, value in head.items()]
        for direction, frames in self.index.items():
            lines = ",\n".join(json.dumps(frame, ensure_ascii=False) for frame in frames)
            parts.append(f'"{direction}": [\n{lines}\n]')
        (directory / "index.json").write_text("{" + ",\n".join(parts) + "}\n", encoding="utf-8")


def read_frame(sock: socket.socket) -> bytes:
    head = sock.recv(4, socket.MSG_WAITALL)
    return head + sock.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL)


def make_supervisor(cls, sock, version, **fields):
    return cls(
        id=TI_ID,
        pid=os.getpid(),
        process=SimpleNamespace(pid=os.getpid()),
        process_log=structlog.get_logger(),
        stdin=sock,
        subprocess_schema_version=version,
        **fields,
    )


class FixedNow(datetime):
    """The clock of the supervisor module: a recording must not depend on the hour."""

    @classmethod
    def now(cls, tz=None):
        return MICROS


def wide_pair():
    """A socket pair that takes a whole frame before anybody reads."""
    pair = socket.socketpair()
    for sock in pair:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    return pair


def record_startups(recorder, version, connections):
    supervisor.datetime = FixedNow
    for ti, bundle_info, ti_context in startups(connections):
        ours, theirs = wide_pair()
        proc = make_supervisor(supervisor.ActivitySubprocess, theirs, version, client=StandIn(ti_context))
        proc._on_child_started(ti=ti, dag_rel_path="orders.py", bundle_info=bundle_info, sentry_integration="")
        recorder.add("to_task", read_frame(ours), "StartupDetails")


def record_exchanges(recorder, version):
    ours, theirs = wide_pair()
    proc = make_supervisor(supervisor.ActivitySubprocess, theirs, version, client=StandIn(run_context(rich=False)))
    log = structlog.get_logger()
    on_readable, _ = supervisor.length_prefixed_frame_reader(proc.handle_requests(log), on_close=lambda sock: None)
    channel = comms.CommsDecoder(socket=ours, log=log)
    for number, request in enumerate(requests()):
        name = type(request).__name__
        frame = channel._make_frame(request)
        if number % 7 == 0:
            carrier = {"traceparent": f"00-{number:032x}-b7ad6b7169203331-01", "tracestate": "a=b"}
            frame = comms._RequestFrame(id=frame.id, body=frame.body, context_carrier=carrier)
        data = bytes(frame.as_bytes())
        recorder.add("to_supervisor", data, name)
        ours.sendall(data)
        # One call reads the length, the others a part of the payload each.
        theirs.settimeout(10)
        ours.settimeout(0)
        while True:
            on_readable(theirs)
            try:
                ours.recv(1, socket.MSG_PEEK)
                break
            except BlockingIOError:
                continue
        ours.settimeout(10)
        recorder.add("to_task", read_frame(ours), f"reply-to-{name}")


def record_dag_processing(recorder, version):
    from airflow.callbacks.callback_requests import DagCallbackRequest, EmailRequest, TaskCallbackRequest

    base = dict(filepath="orders.py", bundle_name="dags", bundle_version="abc", version_data={"commit": "abc"}, msg="late")
    context = dict(dag_run=dag_run(), last_ti=task_instance(rich=False))
    dag_context = DagCallbackRequest.model_fields["context_from_server"].annotation.__args__[0]
    callbacks = [
        known(DagCallbackRequest, **base, dag_id="orders", run_id="r", context_from_server=dag_context.model_construct(**context), is_failure_callback=None),
        known(TaskCallbackRequest, **base, ti=task_instance(rich=True).model_dump(exclude_unset=True), task_callback_type="up_for_retry"),
        known(EmailRequest, **base, ti=task_instance(rich=False).model_dump(exclude_unset=True), email_type="retry", context_from_server=run_context(rich=False).model_dump(exclude_unset=True)),
    ]  # fmt: skip
    for callback_requests in ([], callbacks):
        ours, theirs = wide_pair()
        request = processor.DagFileParseRequest(
            file="/bundles/dags/orders", bundle_path=Path("/bundles/dags"), bundle_name="dags", callback_requests=callback_requests
        )  # fmt: skip
        proc = make_supervisor(supervisor.ActivitySubprocess, theirs, version, client=None)
        proc.send_msg(request, request_id=0)
        recorder.add("to_task", read_frame(ours), "DagFileParseRequest")
    result = known(
        processor.DagFileParsingResult,
        fileloc="/bundles/dags/orders", serialized_dags=[], warnings=[{"message": "odd", "lineno": 3}],
        import_errors={"orders": "no such task"}, parsed_definitions=["orders"],
        dag_source_codes={"orders": {"source_code": "fn main() {}", "language": "rust"}},
    )  # fmt: skip
    ours, _ = socket.socketpair()
    frame = comms.CommsDecoder(socket=ours, log=structlog.get_logger())._make_frame(result)
    recorder.add("to_supervisor", bytes(frame.as_bytes()), "DagFileParsingResult")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--schema-version", help="the version of the task; that of the supervisor when left out")
    options = parser.parse_args()
    newest = get_schema_version_migrator()._supervisor_version
    version = options.schema_version or newest
    recorder = Recorder()
    # Airflow 3.4.0b2 cannot downgrade a first frame with connections: it dumps the field `schema`
    # under its Python name and then does not find it.
    record_startups(recorder, version, connections=version == newest)
    record_exchanges(recorder, version)
    record_dag_processing(recorder, version)
    recorder.write(options.directory, version)
    count = sum(len(frames) for frames in recorder.index.values())
    print(f"{count} frames of Airflow {airflow.__version__}", file=sys.stderr)


if __name__ == "__main__":
    main()
