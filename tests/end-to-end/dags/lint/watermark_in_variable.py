"""A job id in an XCom of the task itself, and a watermark in a Variable beside an asset."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.models import Variable
from airflow.sdk import DAG, Asset, task
from stand_ins import batch, fetch_since, note

ORDERS = Asset(name="lint_orders", uri="s3://lint/orders")

with DAG(
    dag_id="watermark_in_variable",
    schedule=None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
):

    @task(retries=2, retry_delay=timedelta(seconds=1), outlets=[ORDERS])
    def load_orders(**context):
        ti = context["ti"]

        job_id = ti.xcom_pull(task_ids="load_orders", key="batch_job_id")
        if job_id is None:
            job_id = batch.submit("batch")
            ti.xcom_push(key="batch_job_id", value=job_id)
        batch.wait(job_id)

        watermark = Variable.get("orders_watermark", default_var="2026-01-01")
        for row in fetch_since(watermark):
            note("watermark", loaded=row["id"])
        Variable.set("orders_watermark", datetime.utcnow().isoformat())

    load_orders()
