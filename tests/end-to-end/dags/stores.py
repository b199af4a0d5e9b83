"""The Python side of the scenarios in tests/bundles/scenarios/src/stores.rs."""

import hashlib
from datetime import timedelta

from airflow.sdk import Asset, AssetAlias, Connection, dag, task

QUEUE = "rust"

ORDERS = Asset("stores_orders", "s3://stores/orders")
PRICES = Asset("stores_prices", "s3://stores/prices")
RATES = Asset("stores_rates", "s3://stores/rates")
FROM_RUST = AssetAlias("stores_from_rust")
FROM_PYTHON = AssetAlias("stores_from_python")
UNUSED = AssetAlias("stores_unused")


@dag(schedule=None, catchup=False)
def stores_task():
    @task.stub(queue=QUEUE, retries=1, retry_delay=timedelta(seconds=1))
    def remember(): ...

    @task.stub(queue=QUEUE)
    def mapped(): ...

    remember()
    mapped.partial().expand_kwargs([{}, {}])


@dag(schedule=None, catchup=False)
def stores_settings():
    @task.stub(queue=QUEUE)
    def read_settings(): ...

    @task
    def compare(seen: dict):
        uri = Connection.get("stores_database").get_uri()
        assert seen["uri_sha256"] == hashlib.sha256(uri.encode()).hexdigest()
        assert seen["keys"] == ["stores_%_a", "stores_%_b"], seen["keys"]

    compare(read_settings())


@dag(schedule=None, catchup=False)
def stores_from_rust():
    @task.stub(queue=QUEUE, outlets=[FROM_RUST, ORDERS, PRICES])
    def produce(): ...

    @task(inlets=[FROM_RUST])
    def consume(inlet_events=None, asset_state_store=None, run_id=None):
        # An event of each run so far, of which this is the last.
        runs = [event.extra["run"] for event in inlet_events[FROM_RUST]]
        assert runs[-1] == run_id and len(runs) == len(set(runs)), runs
        state = asset_state_store[ORDERS]
        assert state.get("watermark") == (None if runs == [run_id] else "2026-05-06")
        state.set("watermark", "2026-05-06")
        return state.get("watermark")

    @task.stub(queue=QUEUE, inlets=[Asset.ref(name="stores_orders")])
    def verify(): ...

    produce() >> consume() >> verify()


@dag(schedule=[ORDERS], catchup=False)
def stores_on_orders():
    """Runs when the Rust task above has written the orders. (Events of a partition start other kinds of Dags only.)"""

    @task
    def note(triggering_asset_events=None):
        return [event.extra for event in triggering_asset_events[ORDERS]]

    note()


@dag(schedule=None, catchup=False)
def stores_from_python():
    @task(outlets=[FROM_PYTHON, ORDERS, RATES])
    def produce(outlet_events=None, run_id=None):
        outlet_events[FROM_PYTHON].add(ORDERS, extra={"run": run_id})
        outlet_events[RATES].extra = {"number": 1}

    @task(outlets=[RATES])
    def produce_again(outlet_events=None):
        outlet_events[RATES].extra = {"number": 2}

    @task.stub(queue=QUEUE, inlets=[FROM_PYTHON, UNUSED, RATES])
    def consume(): ...

    @task(inlets=[ORDERS])
    def check(asset_state_store=None):
        assert asset_state_store.get("deleted") is None
        return asset_state_store.get("seen_by_rust")

    produce() >> produce_again() >> consume() >> check()


@dag(schedule=None, catchup=False)
def stores_clash_one():
    @task.stub(queue=QUEUE, inlets=[Asset("stores_clash", "s3://stores/one")])
    def use_one(): ...

    use_one()


@dag(schedule=None, catchup=False)
def stores_clash_two():
    @task.stub(queue=QUEUE, inlets=[Asset("stores_clash", "s3://stores/two")])
    def use_two(): ...

    use_two()


stores_task()
stores_settings()
stores_from_rust()
stores_on_orders()
stores_from_python()
stores_clash_one()
stores_clash_two()
