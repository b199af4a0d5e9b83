"""An executor that does what KubernetesExecutor does, with processes in the place of pods.

A task of queue `rust` gets the command line that a pod gets, behind `aileron execute-workload`: what an image with that
entrypoint does. AILERON names the program. Its process sees of the environment what a pod is usually given: where the API server
and the bundles are, and no secret of Airflow. A variable of the scheduler whose name begins with `POD__` is given to it, without
that. Other tasks are not what is tested: LocalExecutor runs them, whose processes need no seconds to import Airflow.
"""

import os

from process_executor import ProcessExecutor

GIVEN = (
    "AIRFLOW_HOME",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
    "AIRFLOW__CORE__DAGS_FOLDER",
    "AIRFLOW__CORE__LOAD_EXAMPLES",
    "AIRFLOW__LOGGING__",
    "AIRFLOW__SDK__",
    "AIRFLOW__WORKERS__",
    "HOME",
    "NO_PROXY",
    "PATH",
    "no_proxy",
)


class PodExecutor(ProcessExecutor):
    """Starts a process for each task of queue `rust`."""

    def takes(self, workload):
        return workload.ti.queue == "rust"

    def command_of(self, workload):
        arguments = ["-m", "airflow.sdk.execution_time.execute_workload", "--json-string", workload.model_dump_json()]
        return [os.environ["AILERON"], "execute-workload", "python", *arguments]

    def environment(self):
        given = {name: value for name, value in os.environ.items() if name.startswith(GIVEN)}
        for name, value in os.environ.items():
            if name.startswith("POD__"):
                given[name.removeprefix("POD__")] = value
        return given
