"""More of everything: the same series once more, for another instance of whatever they are of."""

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Final

from hivesight.doctor.synthesis.stage import Stage
from hivesight.doctor.synthesis.stuck import Stuck
from hivesight.model.labels import METRIC_NAME

_NUMBERED: Final = re.compile(r"(.*)-1")
_BUCKET: Final = "le"


def revive(stage: Stage, *, fault: bool) -> bool:
    """Whether there was a copy that is missing in a phase, and is there now."""
    for number, each in enumerate(stage.signals):
        course = each.course(fault=fault)
        if each.copy and not course.present:
            stage.change(number, replace(course, present=True), fault=fault)
            return True
    return False


def grow(stage: Stage, fixed: Collection[str], grouping: Collection[str], *, without: bool) -> None:
    """Every signal once more, under other values of those labels that do not tell groups apart. grouping, without: of
    the aggregation whose groups shall become larger. fixed: labels that selectors have conditions on. Raises Stuck
    where nothing is new, or the series become too many."""
    copy = max(each.copy for each in stage.signals) + 1
    known = {each.labels for each in stage.signals}
    before = len(known)
    for each in [each for each in stage.signals if not each.copy]:
        free = [
            name
            for name in each.labels
            if name not in (METRIC_NAME, _BUCKET) and name not in fixed and (name in grouping) == without
        ]
        labels = each.labels.merged({name: _renamed(each.labels[name], copy + 1) for name in free})
        if labels not in known:
            known.add(labels)
            stage.add(replace(each, labels=labels, copy=copy))
    if len(known) == before:
        raise Stuck("no label is free to tell more series apart")


def _renamed(value: str, number: int) -> str:
    numbered = _NUMBERED.fullmatch(value)
    return f"{numbered[1] if numbered else value}-{number}"
