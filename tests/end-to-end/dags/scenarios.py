"""The Dags of the bundle tests/bundles/scenarios, with the Python tasks that its tasks exchange values with."""

import hashlib
from datetime import timedelta

from airflow.sdk import dag, task

QUEUE = "rust"


@dag(schedule=None, catchup=False)
def values():
    @task.stub(queue=QUEUE)
    def measure(): ...

    @task
    def double(reading: dict):
        return {**reading, "counts": [2 * count for count in reading["counts"]]}

    @task.stub(queue=QUEUE)
    def check(): ...

    double(measure()) >> check()


@dag(schedule=None, catchup=False)
def retried():
    @task.stub(queue=QUEUE, retries=1, retry_delay=timedelta(seconds=1))
    def fail_once(): ...

    fail_once()


@dag(schedule=None, catchup=False)
def panicking():
    @task.stub(queue=QUEUE)
    def panic_at_once(): ...

    panic_at_once()


@dag(schedule=None, catchup=False)
def not_retried():
    @task.stub(queue=QUEUE, retries=3, retry_delay=timedelta(seconds=1))
    def give_up(): ...

    give_up()


@dag(schedule=None, catchup=False)
def forgotten():
    @task.stub(queue=QUEUE)
    def remembered(): ...

    @task.stub(queue=QUEUE)
    def not_in_the_bundle(): ...

    remembered() >> not_in_the_bundle()


@dag(schedule=None, catchup=False)
def large_value():
    @task.stub(queue=QUEUE)
    def make_large(): ...

    @task
    def compare(text: str, ti=None):
        digest = hashlib.sha256(text.encode()).hexdigest()
        expected = ti.xcom_pull(task_ids="make_large", key="sha256")
        return {"bytes": len(text.encode()), "same": digest == expected}

    compare(make_large())


@dag(schedule=None, catchup=False)
def logging():
    @task.stub(queue=QUEUE)
    def write_lines(): ...

    write_lines()


@dag(schedule=None, catchup=False)
def terminated():
    @task.stub(queue=QUEUE)
    def wait_long(): ...

    wait_long()


values()
retried()
panicking()
not_retried()
forgotten()
large_value()
logging()
terminated()
