"""Values in object storage between Python and Rust tasks, through the XCom backend of the provider common.io."""

import hashlib

from airflow.sdk import ObjectStoragePath, dag, task

QUEUE = "rust"


@dag(schedule=None, catchup=False)
def stored():
    @task.stub(queue=QUEUE)
    def make_rows(): ...

    @task
    def check_rows(ti=None):
        rows = ti.xcom_pull(task_ids="make_rows")
        assert [row["id"] for row in rows] == list(range(2000))
        assert all(row["price"] == row["id"] / 7 and row["name"] == f"näme {row['id']}" for row in rows)
        assert ti.xcom_pull(task_ids="make_rows", key="small") == 1
        assert ti.xcom_pull(task_ids="make_rows", key="twice") == "second " * 100
        return rows

    @task.stub(queue=QUEUE, retries=1, retry_delay=1)
    def sum_rows(): ...

    @task
    def check_sum(ti=None):
        total = ti.xcom_pull(task_ids="sum_rows")
        assert total == [f"2000 rows, sum {sum(range(2000))}"] * 10, total
        return total

    @task.stub(queue=QUEUE, retries=1, retry_delay=1)
    def pass_bytes(): ...

    @task
    def check_bytes(ti=None):
        value = ti.xcom_pull(task_ids="pass_bytes")
        assert value["__aileron_object__"] == 1 and value["format"] == "bytes", value
        data = ObjectStoragePath(value["uri"]).read_bytes()
        assert len(data) == value["size"] == 9_000_000
        assert hashlib.sha256(data).hexdigest() == value["sha256"]
        assert data[:252] == bytes(range(251)) + b"\0"
        return value

    @task.stub(queue=QUEUE)
    def measure(): ...

    @task
    def check_measure(ti=None):
        assert ti.xcom_pull(task_ids="measure") == [9_000_000, 9_000_000, 1]

    pass_bytes() >> check_bytes() >> measure() >> check_measure()
    make_rows() >> check_rows() >> sum_rows() >> check_sum()


stored()
