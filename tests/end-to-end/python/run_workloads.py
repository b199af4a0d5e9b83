"""Runs workloads as a worker of Airflow does: each under Airflow's own supervisor.

Usage: run_workloads.py URL, with a JSON list of workloads on standard input. The Execution API is at the URL.
"""

import json
import sys

from airflow.executors.base_executor import BaseExecutor
from airflow.executors.workloads import ExecuteTask

for workload in json.load(sys.stdin):
    BaseExecutor.run_workload(ExecuteTask.model_validate(workload), server=sys.argv[1])
