"""An executor that has each run of the Dag `codecs` compress in its own way, as if it were the only one of its Airflow.

The end of the run id is what `[common.io] xcom_objectstorage_compression` says for its tasks. Other tasks see what is configured for all.
"""

import os

from airflow.executors.base_executor import BaseExecutor
from airflow.executors.local_executor import LocalExecutor

OPTION = "AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_COMPRESSION"
FOR_ALL = os.environ.get(OPTION, "")
RUN_WORKLOAD = BaseExecutor.run_workload


def run_workload(workload, **options):
    """In a worker process, which runs one task after the other; Python and bundles inherit its environment."""
    ti = getattr(workload, "ti", None)
    own = ti is not None and ti.dag_id == "codecs"
    os.environ[OPTION] = ti.run_id.removeprefix("codec-").replace("none", "") if own else FOR_ALL
    return RUN_WORKLOAD(workload, **options)


class CodecExecutor(LocalExecutor):
    """A LocalExecutor whose workers do that."""

    def start(self):
        # What the workers call; they are forked after this.
        BaseExecutor.run_workload = staticmethod(run_workload)
        super().start()
