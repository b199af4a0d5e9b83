"""Python tasks only: what the harness itself promises is tested with them."""

import json
import os
import signal
import time
from datetime import timedelta

from airflow.sdk import dag, task


@dag(schedule=None, catchup=False)
def harness_values():
    @task
    def produce():
        print("a line on standard output")
        return {"name": "Ada", "counts": [1, 2, 3], "ratio": 0.5}

    @task
    def consume(value: dict):
        return json.dumps(value, sort_keys=True)

    consume(produce())


@dag(schedule=None, catchup=False)
def harness_retry():
    @task(retries=1, retry_delay=timedelta(seconds=1))
    def fail_once(ti=None):
        if ti.try_number == 1:
            raise RuntimeError("the first try fails")
        return ti.try_number

    fail_once()


@dag(schedule=None, catchup=False)
def harness_wait():
    @task
    def wait():
        def stop(number, _frame):
            print(f"got signal {number}", flush=True)
            raise SystemExit(1)

        signal.signal(signal.SIGTERM, stop)
        print(f"waiting in process {os.getpid()}", flush=True)
        time.sleep(600)

    wait()


harness_values()
harness_retry()
harness_wait()
