"""An executor that does what KubernetesExecutor does, with processes in the place of pods.

A task of queue `rust` gets the command line that a pod gets, behind `aileron execute-workload`: what an image with that
entrypoint does. AILERON names the program. Its process sees of the environment what a pod is usually given: where the API server
and the bundles are, and no secret of Airflow. A variable of the scheduler whose name begins with `POD__` is given to it, without
that. Other tasks are not what is tested: LocalExecutor runs them, whose processes need no seconds to import Airflow.
"""

import os
import subprocess

from airflow.executors.local_executor import LocalExecutor

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


def command_of(workload):
    arguments = ["-m", "airflow.sdk.execution_time.execute_workload", "--json-string", workload.model_dump_json()]
    return [os.environ["AILERON"], "execute-workload", "python", *arguments]


def environment():
    given = {name: value for name, value in os.environ.items() if name.startswith(GIVEN)}
    for name, value in os.environ.items():
        if name.startswith("POD__"):
            given[name.removeprefix("POD__")] = value
    return given


class PodExecutor(LocalExecutor):
    """Starts a process for each task of queue `rust`."""

    def start(self):
        super().start()
        self.pods = {}

    def _process_workloads(self, workload_list):
        super()._process_workloads([workload for workload in workload_list if workload.ti.queue != "rust"])
        for workload in workload_list:
            if workload.ti.queue != "rust":
                continue
            key = workload.ti.key
            del self.queued_tasks[key]
            output_name = f"pod-{key.dag_id}-{key.task_id}-{key.try_number}-{workload.ti.id}.out"
            with open(os.path.join(os.environ["AIRFLOW_HOME"], output_name), "wb") as output:
                self.pods[key] = subprocess.Popen(
                    command_of(workload),
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
