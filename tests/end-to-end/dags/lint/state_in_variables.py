"""A cursor and a job id in Variables: every run and every environment on the database shares them."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.models import Variable
from airflow.sdk import DAG, task
from stand_ins import records, spark

with DAG(
    dag_id="state_in_variables",
    schedule=None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
):

    @task(retries=2, retry_delay=timedelta(seconds=1))
    def ingest():
        cursor = Variable.get("ingest_cursor", default_var="0")
        page = records.fetch_page(after_id=cursor)
        while page:
            for row in page:
                records.load(row)
                cursor = row["id"]
                Variable.set("ingest_cursor", cursor)
            page = records.fetch_page(after_id=cursor)

    @task(retries=2, retry_delay=timedelta(seconds=1))
    def run_spark():
        job_id = Variable.get("spark_job_id", default_var=None)
        if job_id:
            status = spark.get_status(job_id)
            if status == "RUNNING":
                spark.wait(job_id)
                return
        job_id = spark.submit("spark")
        Variable.set("spark_job_id", job_id)
        spark.wait(job_id)

    ingest() >> run_spark()
