"""Values of Python's own types between Python and Rust tasks, and a mapped Python task between two Rust tasks."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from airflow.sdk import dag, task

QUEUE = "rust"


@dag(schedule=None, catchup=False)
def exchanged():
    @task.stub(queue=QUEUE)
    def list_numbers(): ...

    @task
    def describe(n: int, ti=None):
        if n == 2:
            ti.xcom_push("checked", None)
        return {
            "n": n,
            "at": datetime(2024, 6, 1, n, tzinfo=ZoneInfo("Europe/Paris")),
            "price": Decimal("1.5") * n,
            "tags": {"odd" if n % 2 else "even"},
        }

    @task
    def leave_null(ti=None):
        ti.xcom_push("nothing", None)
        return (1, frozenset([2]))

    @task.stub(queue=QUEUE)
    def gather(): ...

    @task
    def compare(ti=None):
        pulled = ti.xcom_pull(task_ids="gather", key="python")
        expected = (
            datetime(2024, 6, 1, 5, tzinfo=ZoneInfo("Europe/Paris")),
            date(2024, 6, 1),
            timedelta(minutes=1),
            Decimal("22.50"),
            {"even", "odd"},
        )
        types = [type(item) for item in expected]
        assert type(pulled) is tuple and [type(item) for item in pulled] == types, repr(pulled)
        assert pulled == expected, repr(pulled)
        return [type(item).__name__ for item in pulled]

    described = describe.expand(n=list_numbers())
    [described, leave_null()] >> gather() >> compare()


exchanged()
