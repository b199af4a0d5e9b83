"""The Dags of the scenarios `outcomes` and `runs` of the bundle tests/bundles/scenarios."""

from datetime import timedelta

from airflow.sdk import dag, task

QUEUE = "rust"
# A retry that waits this long would fail the test.
LONG = timedelta(minutes=10)


@dag(schedule=None, catchup=False)
def skipping():
    @task.stub(queue=QUEUE)
    def skip_it(): ...

    @task.stub(queue=QUEUE)
    def after_the_skip(): ...

    @task.stub(queue=QUEUE, trigger_rule="none_failed")
    def despite_the_skip(): ...

    @task.stub(queue=QUEUE)
    def branch(): ...

    @task.stub(queue=QUEUE)
    def left(): ...

    @task.stub(queue=QUEUE)
    def right(): ...

    skip_it() >> [after_the_skip(), despite_the_skip()]
    branch() >> [left(), right()]


@dag(schedule=None, catchup=False)
def labelling():
    @task.stub(queue=QUEUE)
    def labelled(): ...

    labelled()


@dag(schedule=None, catchup=False)
def retrying():
    @task.stub(queue=QUEUE, retries=1, retry_delay=LONG)
    def retry_soon(): ...

    @task.stub(queue=QUEUE, retries=3, retry_delay=LONG)
    def judged(): ...

    retry_soon()
    judged()


@dag(schedule=None, catchup=False)
def sensing():
    @task.stub(queue=QUEUE)
    def sense(): ...

    @task.stub(queue=QUEUE)
    def sense_in_vain(): ...

    sense()
    sense_in_vain()


@dag(schedule=None, catchup=False)
def deferring():
    @task.stub(queue=QUEUE)
    def wait_for_time(): ...

    @task.stub(queue=QUEUE)
    def wait_in_vain(): ...

    @task.stub(queue=QUEUE)
    def wait_for_nothing(): ...

    @task.stub(queue=QUEUE)
    def wait_and_fail(): ...

    wait_for_time()
    wait_in_vain()
    wait_for_nothing()
    wait_and_fail()


@dag(schedule=None, catchup=False)
def asking():
    @task.stub(queue=QUEUE)
    def approve(): ...

    @task.stub(queue=QUEUE)
    def approve_in_time(): ...

    approve()
    approve_in_time()


@dag(schedule=None, catchup=False)
def starting():
    @task.stub(queue=QUEUE)
    def start(): ...

    start()


@dag(schedule=None, catchup=False, tags=["looked-at"])
def started():
    @task.stub(queue=QUEUE)
    def first(): ...

    @task.stub(queue=QUEUE)
    def look(): ...

    first() >> look()


skipping()
labelling()
retrying()
sensing()
deferring()
asking()
starting()
started()
