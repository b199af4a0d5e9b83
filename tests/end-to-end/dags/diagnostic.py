"""A Dag of Airflow 2.11 and 3 whose XComs are what a reader may meet: mapped cells, every wrapped type, a value that is large."""

import datetime
import decimal

import pendulum

try:
    from airflow.sdk import dag, task
except ImportError:
    from airflow.decorators import dag, task

CELLS = ["btc", "eth", "dögé 🐕"]


@dag(dag_id="diagnostic", schedule=None, start_date=pendulum.datetime(2026, 1, 1, tz="UTC"), catchup=False)
def diagnostic():
    @task
    def cells():
        return CELLS

    @task
    def discriminate_cell(name):
        at = CELLS.index(name)
        return {"crypto": name, "auc_by_seed": [round(0.5 + at / 10 + seed / 100, 2) for seed in range(5)]}

    @task
    def types():
        return {
            "when": datetime.datetime(2026, 6, 3, 18, 21, tzinfo=datetime.timezone.utc),
            "price": decimal.Decimal("1.5"),
            "pair": (1, "zwei"),
            "none": None,
            "huge": 123456789012345678901234567890,
            "text": "Häfen \"north\" \\ \u2028 🚢",
        }

    @task
    def large():
        return {"rows": list(range(400))}

    discriminate_cell.expand(name=cells())
    types()
    large()


made = diagnostic()
