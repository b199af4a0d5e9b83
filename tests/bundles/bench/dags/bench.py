"""The Python peers of the benchmarks' tasks."""

import time

from airflow.sdk import dag, task


@dag(schedule=None, catchup=False)
def bench():
    @task
    def empty():
        pass

    @task
    def wait():
        """The process in the state in which the other one is measured: connected, the body running, asleep."""
        time.sleep(0.2)
        with open("/proc/self/smaps_rollup", encoding="ascii") as rollup:
            lines = [line.split() for line in rollup if line.endswith("kB\n")]
        return {line[0].rstrip(":"): int(line[1]) for line in lines}

    empty()
    wait()


bench()
