"""An executor that starts a process for a task, as KubernetesExecutor starts a pod. Others say which process, and for which tasks."""

import os
import subprocess

from airflow.executors.local_executor import LocalExecutor


class ProcessExecutor(LocalExecutor):
    """Starts a process for each task that `takes`; LocalExecutor runs the others."""

    def takes(self, workload):
        return True

    def command_of(self, workload):
        raise NotImplementedError

    def environment(self):
        raise NotImplementedError

    def start(self):
        super().start()
        self.pods = {}

    def _process_workloads(self, workload_list):
        super()._process_workloads([workload for workload in workload_list if not self.takes(workload)])
        for workload in workload_list:
            if not self.takes(workload):
                continue
            key = workload.ti.key
            del self.queued_tasks[key]
            name = f"pod-{key.dag_id}-{key.task_id}-{key.try_number}-{workload.ti.id}.out"
            with open(os.path.join(os.environ["AIRFLOW_HOME"], name), "wb") as output:
                self.pods[key] = subprocess.Popen(
                    self.command_of(workload),
                    env=self.environment(),
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
