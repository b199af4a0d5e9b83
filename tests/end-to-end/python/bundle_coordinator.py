"""What Airflow's executable coordinator makes of files: `bundle_coordinator.py DAG_ID FILE...` prints a JSON list.

Only Airflow's own code judges: finding by Dag id, trailer, digest, metadata, schema version; on 3.4 also the importer that
claims bundles and the reader of embedded sources.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import pathlib
import sys

from airflow.sdk.coordinators.executable import coordinator


def judged(file: pathlib.Path, dag_id: str) -> dict:
    answer: dict = {"metadata": coordinator._read_bundle_metadata(file)}
    try:
        found = coordinator._Bundle.find([file.parent], dag_id)
        answer["found"] = {"path": str(found.path), "schema_version": found.schema_version}
    except FileNotFoundError as error:
        answer["not_found"] = str(error)
    if importlib.util.find_spec("airflow.sdk.coordinators.executable._bundle_reader"):
        answer["native"] = native(file, dag_id)
    return answer


def native(file: pathlib.Path, dag_id: str) -> dict:
    reader = importlib.import_module("airflow.sdk.coordinators.executable._bundle_reader")
    importer_module = importlib.import_module("airflow.sdk.coordinators.executable._dag_importer")
    base = importlib.import_module("airflow.sdk.importers.base")
    importer = importer_module.ExecutableDagImporter(bundle_name="test")
    definition = base.FilesystemDagDefinition(path=file)
    answer = {"claimed": importer.can_handle(definition) and importer.might_contain_dag(definition, True)}
    try:
        answer["source"] = reader.read_bundle_source(file, dag_id)
        answer["language"] = reader.read_bundle_language(file)
    except ValueError as error:
        answer["refused"] = str(error)
    return answer


if __name__ == "__main__":
    dag_id, *files = sys.argv[1:]
    # What YAML read as something that JSON has no word for, a date for instance, must not look like text.
    print(json.dumps([judged(pathlib.Path(file).resolve(), dag_id) for file in files], default=repr))
