"""The Python tasks of the Dag `taskflow_stub`, which its generated file imports by name."""

from airflow.sdk import task


@task
def double(ti=None):
    return [2 * number for number in ti.xcom_pull(task_ids="numbers")]


@task
def square(number):
    return number * number


def squares():
    return square.override(task_id="squares").expand(number=[3, 4])
