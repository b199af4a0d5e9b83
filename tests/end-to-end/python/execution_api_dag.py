"""The Dag of `execution_api.py`. Nobody runs its tasks: the tests speak for them."""

from airflow.sdk import DAG, Asset, AssetAlias, task

with DAG("execution_api", schedule=None, tags=["b", "a"]):

    # Of two assets of one name only one gets active.
    twins = [Asset(name="twin", uri="x://first"), Asset(name="twin", uri="x://second")]

    @task(retries=1, outlets=[Asset(name="orders", uri="file:///orders")], inlets=twins)
    def one():
        """Has retries and assets."""

    @task
    def two():
        """Has neither."""

    @task(outlets=[AssetAlias("any")])
    def after():
        """Comes after another."""

    @task
    def mapped(x):
        """Has three instances."""

    two() >> after()
    one()
    mapped.expand(x=[1, 2, 3])
