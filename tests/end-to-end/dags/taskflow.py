"""The Dags of the bundle tests/bundles/taskflow whose arguments are decided here, as Airflow 3.4 allows."""

from airflow.sdk import dag, task

QUEUE = "rust"


@dag(schedule=None, catchup=False)
def taskflow():
    @task.stub(queue=QUEUE)
    def numbers(count: int): ...

    @task
    def double(numbers: list):
        return [2 * number for number in numbers]

    # The Rust task has three parameters: the last default here is nobody's.
    @task.stub(queue=QUEUE)
    def combine(land: str, rows: list[int], limit: int = 7, more: int = 8): ...

    @task.stub(queue=QUEUE)
    def short(data: list): ...

    # By name, in another order, and written the way Python people may.
    @task.stub(queue=QUEUE)
    def report(rowData: list, MaxRows: int, country_: str = "de", unknown: str = "nobody's"): ...

    rows = numbers(3)
    combine("de", double(rows))
    short(rows)
    report(rows, MaxRows=2)


@dag(schedule=None, catchup=False)
def taskflow_refused():
    @task
    def nothing(): ...

    @task.stub(queue=QUEUE)
    def too_many(country: str, rows: int): ...

    @task.stub(queue=QUEUE)
    def wrong_type(rows: list): ...

    @task.stub(queue=QUEUE)
    def missing_xcom(rows: list): ...

    @task.stub(queue=QUEUE)
    def unknown_name(contry: str): ...

    too_many("uk", 3)
    wrong_type([1, "two"])
    missing_xcom(nothing())
    unknown_name("uk")


taskflow()
taskflow_refused()
