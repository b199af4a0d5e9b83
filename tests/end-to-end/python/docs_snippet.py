"""Reads snippets of the documentation as their reader would.

Each line of the input is one, as JSON: `{"language": .., "text": ..}`. Each is answered by a line `{"error": ..}`, which is null when it
is right. Importing Airflow takes seconds: it is done once, and each snippet is read by a fork.
"""

from __future__ import annotations

import configparser
import json
import os
import pathlib
import runpy
import subprocess
import sys
import tempfile
import tomllib
import traceback

import yaml

# What an `ini` is read by: an Airflow of its own, which finds it as its airflow.cfg when it starts.
INI = "--ini"


def python(text: str) -> None:
    """Runs it from a file: Airflow looks at the source of stubs."""
    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory) / "snippet.py"
        file.write_text(text)
        runpy.run_path(str(file))


def ini(text: str) -> None:
    with tempfile.TemporaryDirectory() as home:
        (pathlib.Path(home) / "airflow.cfg").write_text(text)
        command = [sys.executable, __file__, INI]
        read = subprocess.run(
            command, env={**os.environ, "AIRFLOW_HOME": home}, input=text, capture_output=True, text=True, check=False
        )
        if read.returncode != 0:
            raise ValueError(read.stderr)


def airflow_cfg(text: str) -> None:
    """The Airflow must know every option and be able to use the coordinators."""
    snippet = configparser.ConfigParser(interpolation=None)
    snippet.read_string(text)

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


def read(language: str, text: str) -> str | None:
    """What is wrong with a snippet, if anything is."""
    with tempfile.TemporaryFile("w+") as said:
        child = os.fork()
        if child == 0:
            # Neither what it prints nor what it asks is part of the conversation.
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(2, 1)
            try:
                READERS[language](text)
            except BaseException:
                said.write(traceback.format_exc())
                said.flush()
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        said.seek(0)
        error = said.read()
    return error or (f"its process ended with status {status}" if status else None)


def serve() -> None:
    import airflow.sdk  # noqa: F401

    for line in sys.stdin:
        print(json.dumps({"error": read(**json.loads(line))}), flush=True)


if sys.argv[1:] == [INI]:
    airflow_cfg(sys.stdin.read())
else:
    serve()
