"""Values in object storage between Python and Rust tasks, through the XCom backend of the provider common.io."""

from airflow.sdk import dag, task

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

    make_rows() >> check_rows() >> sum_rows() >> check_sum()


stored()
