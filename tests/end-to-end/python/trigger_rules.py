"""What Airflow's own trigger rules say of every mix of up to three upstream states."""

import itertools
import json
import sys
from types import SimpleNamespace

from airflow.task.trigger_rule import TriggerRule
from airflow.ti_deps.dep_context import DepContext
from airflow.ti_deps.deps.trigger_rule_dep import TriggerRuleDep
from airflow.utils.state import State, TaskInstanceState

STATES = [None, "success", "skipped", "failed", "upstream_failed", "removed"]


# Airflow 3.4 asks the database whether the run has loops; these have none.
DepContext.has_regions = lambda self, ti, *, session: False


def upstream_task(name):
    return SimpleNamespace(task_id=name, is_setup=False, get_needs_expansion=lambda: False)


def verdict(rule, states, map_index):
    names = [f"t{i}" for i in range(len(states))]
    tasks = [upstream_task(name) for name in names]
    finished = [
        SimpleNamespace(task_id=task.task_id, task=task, state=TaskInstanceState(state), map_index=-1, region_index=-1)
        for task, state in zip(tasks, states)
        if state is not None
    ]
    task = SimpleNamespace(
        upstream_task_ids=set(names),
        upstream_list=tasks,
        trigger_rule=TriggerRule(rule),
        is_teardown=False,
        get_upstreams_only_setups=lambda: [],
        get_closest_mapped_task_group=lambda: None,
    )
    became = []

    def set_state(state, session=None):
        became.append(state)
        return True

    ti = SimpleNamespace(
        task=task,
        map_index=map_index,
        region_index=map_index,
        set_state=set_state,
        get_dagrun=lambda session=None: None,
    )
    context = DepContext(flag_upstream_failed=True, finished_tis=finished)
    statuses = list(TriggerRuleDep()._get_dep_statuses(ti, context, session=None))
    if became:
        return became[-1].value
    return "run" if all(status.passed for status in statuses) else "wait"


def main():
    assert {state and state.value for state in State.finished} == set(STATES) - {None}
    rules = json.load(sys.stdin)
    cases = []
    for rule in rules:
        for count in range(4):
            for states in itertools.product(STATES, repeat=count):
                for map_index in (-1, 0, 1, 2):
                    cases.append([rule, states, map_index, verdict(rule, states, map_index)])
    known = [rule.value for rule in TriggerRule]
    json.dump({"cases": cases, "known": known}, sys.stdout)


main()
