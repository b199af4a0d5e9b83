"""Values from Python to Rust and back, a small one and a large one."""

from airflow.sdk import dag, task


def made():
    return [{"id": n, "name": f"näme {n}", "price": n / 7} for n in range(300)]


@dag(schedule=None, catchup=False)
def codecs():
    @task
    def write_rows(ti=None):
        ti.xcom_push("small", [1])
        return made()

    @task.stub(queue="rust")
    def turn_rows(): ...

    @task
    def check_rows(ti=None):
        assert ti.xcom_pull(task_ids="turn_rows") == made()[::-1]
        assert ti.xcom_pull(task_ids="turn_rows", key="by_row") == made()[::-1]
        assert ti.xcom_pull(task_ids="turn_rows", key="small") == [1, 2]

    write_rows() >> turn_rows() >> check_rows()


codecs()
