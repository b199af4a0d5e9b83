"""The Dag of the bundle tests/bundles/resumable, as far as a real Airflow runs it."""

from datetime import timedelta

from airflow.sdk import dag, task


@dag(schedule=None, catchup=False)
def jobs():
    @task.stub(queue="rust", retries=100, retry_delay=timedelta(seconds=1))
    def idempotent(): ...

    idempotent()


jobs()
