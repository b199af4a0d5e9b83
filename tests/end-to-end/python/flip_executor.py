"""An executor whose workers can be configured anew while Airflow runs, as the pods of a deployment are rolled out.

Each task gets a process of its own, as from KubernetesExecutor. Beside what a pod is usually given, its environment is what
`workers.json` in AIRFLOW_HOME says when it starts.
"""

import json
import os
import sys

from process_executor import ProcessExecutor

GIVEN = (
    "AIRFLOW_HOME",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
    "AIRFLOW__CORE__DAGS_FOLDER",
    "AIRFLOW__CORE__LOAD_EXAMPLES",
    "AIRFLOW__WORKERS__",
    "HOME",
    "NO_PROXY",
    "PATH",
    "PYTHONPATH",
    "no_proxy",
)


class FlipExecutor(ProcessExecutor):
    """Starts a process for each task."""

    def command_of(self, workload):
        module = "airflow.sdk.execution_time.execute_workload"
        return [sys.executable, "-m", module, "--json-string", workload.model_dump_json()]

    def environment(self):
        given = {name: value for name, value in os.environ.items() if name.startswith(GIVEN)}
        with open(os.path.join(os.environ["AIRFLOW_HOME"], "workers.json")) as file:
            given.update(json.load(file))
        return given
