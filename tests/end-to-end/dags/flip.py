"""A large value that is pulled only after a gate is opened: time for a flip, or for a way back."""

import os
import time

from airflow.sdk import dag, task


@dag(schedule=None, catchup=False)
def flip():
    @task
    def rows():
        return [{"id": n, "name": f"näme {n}", "price": n / 7} for n in range(500)]

    @task
    def flag():
        return "left"

    @task
    def gate(flag, run_id=None):
        assert flag == "left"
        path = os.path.join(os.environ["AIRFLOW_HOME"], "open-" + run_id)
        for _ in range(1800):
            if os.path.exists(path):
                return
            time.sleep(0.1)
        raise TimeoutError(path)

    @task
    def total(rows):
        # A path of an object would be a text.
        assert isinstance(rows, list), f"got a {type(rows).__name__}: {rows!r:.100}"
        assert rows[-1] == {"id": 499, "name": "näme 499", "price": 499 / 7}
        return sum(row["id"] for row in rows)

    made = rows()
    opened = gate(flag())
    made >> opened >> total(made)


flip()
