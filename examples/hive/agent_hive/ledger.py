"""What became of the last tasks, for whoever looks one up; every change of a task's state is counted."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Literal

import hivesight_sdk as hs
from agent_hive.work import ORCHESTRATOR_AGENT, Task

State = Literal["submitted", "waiting", "running", "decided", "failed"]

REMEMBERED = 2_000


class Ledger:
    """The state of the last REMEMBERED tasks, and the facts that came with it."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Mapping[str, object]] = OrderedDict()

    def move(self, task: Task, before: State, after: State, **facts: object) -> None:
        """The task goes from one state to the next; `facts` replace those of the state before."""
        hs.record_transition(ORCHESTRATOR_AGENT, before, after)
        name, priority = task.submission.name, task.submission.priority
        self._known[task.id] = {"id": task.id, "name": name, "priority": priority, "state": after, **facts}
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def find(self, task_id: str) -> Mapping[str, object] | None:
        """The task's state and facts, ready for JSON."""
        return self._known.get(task_id)
