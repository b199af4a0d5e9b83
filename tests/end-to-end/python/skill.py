"""Checks an installed skill with Airflow: `skill.py DIRECTORY RULES`. Prints what it has run, as JSON.

Every Python block of the skill is imported, and the Dags in it are run, tasks and all. The blocks of the anti-patterns and of the
rules' page have stand-ins for the systems they talk to, so they are imported only. Every row of the table of settings is compared with
the defaults of this Airflow.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import runpy
import sys
import types

from airflow.configuration import conf
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| `\[(?P<section>[^]]+)\]` \| `(?P<option>[^`]+)` \| (?:`(?P<default>[^`]*)`)? *\|", re.MULTILINE)


def blocks(text: str) -> list[str]:
    return BLOCK.findall(text)


def after_use_instead(text: str) -> list[str]:
    """The blocks under headings that say what to write instead."""
    parts = re.split(r"^(?=#+ |Before:|After:)", text, flags=re.MULTILINE)
    return [block for part in parts if re.match(r"#+ Use instead|After:", part) for block in blocks(part)]


def stand_in_for_amazon() -> None:
    """Its provider is large, and one block names one operator of it; any operator does for an import."""
    from airflow.providers.standard.operators.empty import EmptyOperator

    class EmrServerlessStartJobOperator(EmptyOperator):
        def __init__(self, *, application_id: str, deferrable: bool, **kwargs) -> None:
            super().__init__(**kwargs)

    name = "airflow.providers.amazon"
    for part in ["", ".aws", ".aws.operators", ".aws.operators.emr"]:
        sys.modules[name + part] = types.ModuleType(name + part)
    sys.modules[f"{name}.aws.operators.emr"].EmrServerlessStartJobOperator = EmrServerlessStartJobOperator


def load(name: str, text: str, place: pathlib.Path) -> list[DAG]:
    file = place / f"{name}.py"
    file.write_text(text)
    # Not every block is a Dag, and a Dag bag passes over those which are none.
    try:
        runpy.run_path(str(file), run_name=name)
    except Exception as error:
        raise SystemExit(f"{name} does not import: {error!r}\n{text}") from error
    bag = DagBag(dag_folder=str(file))
    if bag.import_errors:
        raise SystemExit(f"{name} is no Dag file: {bag.import_errors}\n{text}")
    return list(bag.dags.values())


def run(dag: DAG) -> None:
    result = dag.test()
    if str(result.state) != "success":
        raise SystemExit(f"the Dag {dag.dag_id} of the skill ends as {result.state}")


def check_defaults(text: str) -> int:
    rows = list(ROW.finditer(text))
    for row in rows:
        section, option, said = row["section"], row["option"], row["default"] or ""
        default = conf.get_default_value(section, option)
        if str(default or "") != said:
            raise SystemExit(f"[{section}] {option} is {default!r} by default, and the skill says {said!r}")
    described = {option for option in conf.configuration_description["state_store"]["options"]}
    missing = described - {row["option"] for row in rows if row["section"] == "state_store"}
    if missing:
        raise SystemExit(f"the skill says nothing about [state_store] {', '.join(sorted(missing))}")
    return len(rows)


def main() -> None:
    skill, rules = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    # A Dag can be run from where Airflow finds it.
    place = pathlib.Path(os.environ["AIRFLOW_HOME"]) / "dags"
    place.mkdir()
    stand_in_for_amazon()
    done = {"imported": 0, "dags": 0}
    for page in sorted(skill.rglob("*.md")):
        only_import = page.name == "anti-patterns.md"
        for number, block in enumerate(blocks(page.read_text())):
            name = f"{page.stem.lower().replace('-', '_')}_{number}"
            # What lies in the folder of Dags is read again for each run.
            dags = load(name, block, skill.parent if only_import else place)
            done["imported"] += 1
            for dag in [] if only_import else dags:
                run(dag)
                done["dags"] += 1
    for number, block in enumerate(after_use_instead(rules.read_text())):
        load(f"rule_{number}", block, skill.parent)
        done["imported"] += 1
    done["defaults"] = check_defaults((skill / "references/configuration.md").read_text())
    print(json.dumps(done))


main()
