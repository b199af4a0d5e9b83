"""Other systems, for the tasks beside this: they write down what is asked of them, and each fails once where it hurts."""

from __future__ import annotations

import json
import os
import pathlib

JOURNAL = pathlib.Path(os.environ["AIRFLOW_HOME"]) / "journal.jsonl"

ROWS = [{"id": number} for number in range(1, 9)]


def note(system: str, **event) -> None:
    with JOURNAL.open("a") as journal:
        journal.write(json.dumps({"system": system, **event}) + "\n")


def fail_once(what: str) -> None:
    """The first call in this Airflow fails, as a lost connection would."""
    try:
        JOURNAL.with_name(f"failed-{what}").touch(exist_ok=False)
    except FileExistsError:
        return
    raise ConnectionError(f"{what}: the connection is lost")


class Source:
    """Rows that are read page by page."""

    def __init__(self, system: str) -> None:
        self.system = system

    def fetch_page(self, after_id, limit: int = 2) -> list[dict]:
        note(self.system, fetched_after=after_id)
        if int(after_id) == 4:
            fail_once(self.system)
        return [row for row in ROWS if row["id"] > int(after_id)][:limit]

    def load(self, row: dict) -> None:
        note(self.system, loaded=row["id"])


class Jobs:
    """A system that runs jobs."""

    def __init__(self, system: str) -> None:
        self.system = system

    def submit(self, name: str) -> str:
        job_id = f"{name}-{len(JOURNAL.read_text().splitlines()) if JOURNAL.exists() else 0}"
        note(self.system, submitted=job_id)
        return job_id

    def get_status(self, job_id: str) -> str:
        return "RUNNING"

    def wait(self, job_id: str) -> None:
        note(self.system, waited=job_id)
        fail_once(self.system)


pages = Source("pages")
records = Source("records")
spark = Jobs("spark")
batch = Jobs("batch")


def fetch_since(watermark: str) -> list[dict]:
    note("watermark", since=watermark)
    return ROWS
