"""A task that keeps its cursor in an XCom of its own: Airflow deletes it before the next try."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.sdk import DAG, task
from stand_ins import pages

PAGE_SIZE = 2

with DAG(
    dag_id="checkpoint_in_xcom",
    schedule=None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
):

    @task(retries=2, retry_delay=timedelta(seconds=1))
    def copy_pages(**context):
        ti = context["ti"]

        stored = ti.xcom_pull(task_ids="copy_pages", key="cursor")
        cursor = stored or 0

        while True:
            page = pages.fetch_page(after_id=cursor, limit=PAGE_SIZE)
            if not page:
                break
            for row in page:
                pages.load(row)
            cursor = page[-1]["id"]
            ti.xcom_push(key="cursor", value=cursor)

    copy_pages()
