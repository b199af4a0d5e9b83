"""Values as Python tasks exchange them, through Airflow's own XCom code.

`write` prints what `serialize_value` makes of each value; `check` reads values of the same names from standard input, and
`deserialize_value` must make equal objects of equal types out of them.
"""

import dataclasses
import json
import math
import sys
import types
import uuid
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pendulum
from airflow.sdk.bases.xcom import BaseXCom
from pydantic import BaseModel


class Order(BaseModel):
    id: int
    tags: list[str]
    day: date


@dataclasses.dataclass
class Point:
    x: float
    at: datetime


class Opaque:
    """A class of its own kind: only its module knows what the data is."""

    def __init__(self, secret):
        self.secret = secret

    def serialize(self):
        return {"z": self.secret, "a": [1.5, None]}

    @staticmethod
    def deserialize(data, version):
        return Opaque(data["z"])

    def __eq__(self, other):
        return self.secret == other.secret


PARIS = datetime(2024, 6, 1, 12, 0, 0, 123456, tzinfo=ZoneInfo("Europe/Paris"))

# What Python writes, Rust reads and writes again, and Python reads.
EXCHANGED = {
    "utc": datetime(1969, 7, 20, 20, 17, 40, 999999, tzinfo=timezone.utc),
    "paris": PARIS,
    "fixed": datetime(2024, 6, 1, tzinfo=pendulum.fixed_timezone(5400)),
    "naive": datetime(2024, 6, 1, 12, 0, 0, 5),
    "date": date(2024, 2, 29),
    "delta": timedelta(days=-3, microseconds=7),
    "minute": timedelta(seconds=60),
    "price": Decimal("1234.56"),
    "whole": Decimal("12"),
    "uuid": uuid.UUID("12345678-1234-5678-1234-567812345678"),
    "tuple": (1, "a", (date(2024, 1, 1), None)),
    "set": {3, 1, 2},
    "frozen": frozenset(["b", "a"]),
    "model": Order(id=7, tags=["new"], day=date(2024, 6, 1)),
    "point": Point(x=0.5, at=PARIS),
    "opaque": Opaque("kept"),
    "plain": {"n": [1, 2.5, None, True], "s": "ä"},
}

# What only Python writes: Rust has nothing like it to send back.
READ_ONLY = {
    "int64": np.int64(-3),
    "uint8": np.uint8(200),
    "float32": np.float32(0.5),
    "bool": np.bool_(True),
    "pendulum": pendulum.datetime(2024, 6, 1, tz="Asia/Tokyo"),
    "pendulum_date": pendulum.date(2024, 6, 1),
    "unnamed_zone": datetime(2024, 6, 1, 2, tzinfo=timezone(timedelta(hours=2))),
    "zone": ZoneInfo("Asia/Tokyo"),
}

# What only Rust writes.
FROM_RUST = {
    "digits": Decimal("1234567890123456.789012345678"),
    "tokyo": datetime(2024, 6, 1, tzinfo=ZoneInfo("Asia/Tokyo")),
    "empty": set(),
}


def frame():
    """Every column type that a frame in practice has, with missing values and an index that is no range."""
    return pd.DataFrame(
        {
            "n": [1, 2, 3],
            "x": [0.5, math.nan, -1.5],
            "name": ["ä", None, "c"],
            "at": pd.to_datetime(["2024-06-01T12:00Z", None, "2024-06-02T00:00Z"]).tz_convert("Europe/Paris"),
            "flag": [True, False, True],
            "kind": pd.Categorical(["a", "b", "a"]),
            "day": [date(2024, 1, 1)] * 3,
        },
        index=pd.Index(["r1", "r2", "r3"], name="row"),
    )


def by_python_alone(value):
    """What is left of a value that goes from Python to Python: pyarrow loses the categories of a frame without rows."""
    return BaseXCom.deserialize_value(types.SimpleNamespace(value=BaseXCom.serialize_value(value)))


FRAMES = {
    "frame": frame,
    "no_rows": lambda: by_python_alone(frame().iloc[:0]),
    "rust_frame": lambda: pd.DataFrame({"n": [1, 2], "s": ["a", None]}),
}


def same(left, right):
    if type(left) is not type(right):
        return False
    if isinstance(left, datetime):
        return left == right and left.utcoffset() == right.utcoffset() and left.replace(tzinfo=None) == right.replace(tzinfo=None)
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right


def write():
    values = {**EXCHANGED, **READ_ONLY, "frame": frame(), "no_rows": frame().iloc[:0]}
    json.dump({name: BaseXCom.serialize_value(value) for name, value in values.items()}, sys.stdout)


def check():
    """Prints what is wrong, by name."""
    wrong = {}
    for name, stored in json.load(sys.stdin).items():
        value = BaseXCom.deserialize_value(types.SimpleNamespace(value=stored))
        if name in FRAMES:
            try:
                pd.testing.assert_frame_equal(value, FRAMES[name]())
            except AssertionError as error:
                wrong[name] = str(error)
        else:
            expected = {**EXCHANGED, **FROM_RUST}[name]
            if not same(value, expected):
                wrong[name] = f"{value!r} is not {expected!r}"
    json.dump(wrong, sys.stdout)
