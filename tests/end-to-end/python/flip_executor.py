"""An executor whose workers can be configured anew while Airflow runs, as the pods of a deployment are rolled out.

Each task gets a process of its own, as from KubernetesExecutor. Beside what a pod is usually given, its environment is what
`workers.json` in AIRFLOW_HOME says when it starts.
"""

import json
import os
import subprocess
import sys

from airflow.executors.local_executor import LocalExecutor

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


def environment():
    given = {name: value for name, value in os.environ.items() if name.startswith(GIVEN)}
    with open(os.path.join(os.environ["AIRFLOW_HOME"], "workers.json")) as file:
        given.update(json.load(file))
    return given


class FlipExecutor(LocalExecutor):
    """Starts a process for each task."""

    def start(self):
        super().start()
        self.pods = {}

    def _process_workloads(self, workload_list):
        for workload in workload_list:
            key = workload.ti.key
            del self.queued_tasks[key]
            name = f"pod-{key.dag_id}-{key.task_id}-{key.try_number}-{workload.ti.id}.out"
            arguments = ["-m", "airflow.sdk.execution_time.execute_workload", "--json-string", workload.model_dump_json()]
            with open(os.path.join(os.environ["AIRFLOW_HOME"], name), "wb") as output:
                self.pods[key] = subprocess.Popen(
                    [sys.executable, *arguments],
                    env=environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
            self.running.add(key)

    def sync(self):
        super().sync()
        for key, pod in list(self.pods.items()):
            if (code := pod.poll()) is None:
                continue
            del self.pods[key]
            if code == 0:
                self.success(key)
            else:
                self.fail(key)

    def end(self):
        for pod in self.pods.values():
            pod.terminate()
            pod.wait()
        super().end()

    def terminate(self):
        self.end()
