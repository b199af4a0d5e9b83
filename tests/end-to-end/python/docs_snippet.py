"""Reads a snippet of the documentation as its reader would: `docs_snippet.py LANGUAGE < snippet`."""

from __future__ import annotations

import configparser
import json
import os
import pathlib
import runpy
import sys
import tomllib

import yaml


def python(text: str) -> None:
    """Runs it from a file: Airflow looks at the source of stubs."""
    file = pathlib.Path(os.environ["AIRFLOW_HOME"]) / "snippet.py"
    file.write_text(text)
    runpy.run_path(str(file))


def ini(text: str) -> None:
    """Makes it the airflow.cfg of an Airflow, which must know every option and be able to use the coordinators."""
    snippet = configparser.ConfigParser(interpolation=None)
    snippet.read_string(text)
    (pathlib.Path(os.environ["AIRFLOW_HOME"]) / "airflow.cfg").write_text(text)

    from airflow.configuration import conf
    from airflow.sdk.execution_time.coordinator import CoordinatorManager

    for section in snippet.sections():
        for option, value in snippet[section].items():
            if option not in conf.configuration_description[section]["options"]:
                raise ValueError(f"Airflow has no option [{section}] {option}")
            if conf.get(section, option) != value:
                raise ValueError(f"Airflow reads [{section}] {option} as {conf.get(section, option)!r}")
    if snippet.has_option("sdk", "queue_to_coordinator"):
        manager = CoordinatorManager.from_config()
        for queue in json.loads(snippet["sdk"]["queue_to_coordinator"]):
            if type(manager.for_queue(queue)).__name__ != "ExecutableCoordinator":
                raise ValueError(f"queue {queue} has no executable coordinator")
    if snippet.has_option("dag_processor", "dag_bundle_config_list"):
        from airflow.dag_processing.bundles.manager import DagBundlesManager

        names = {bundle["name"] for bundle in json.loads(snippet["dag_processor"]["dag_bundle_config_list"])}
        known = {bundle.name for bundle in DagBundlesManager().get_all_dag_bundles()}
        if not names <= known:
            raise ValueError(f"of the Dag bundles {names} Airflow knows {known}")


READERS = {"python": python, "ini": ini, "json": json.loads, "toml": tomllib.loads, "yaml": yaml.safe_load}

READERS[sys.argv[1]](sys.stdin.read())
