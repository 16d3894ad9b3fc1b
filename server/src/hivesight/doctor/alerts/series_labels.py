"""Which labels the series of a metric can bring into an expression: those of the SDK's table, and those of targets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hivesight.doctor.prometheus.jobs import all_jobs
from hivesight.doctor.promql.metrics import family_of_part
from hivesight.doctor.promql.shape import BUCKET
from hivesight.doctor.workspace import Workspace
from hivesight.query.promql.ast import Aggregate, Call, Expr, VectorSelector
from hivesight.query.promql.walk import walk
from hivesight_sdk import semconv

_OF_TARGETS: Final = frozenset(("up", "scrape_duration_seconds", "scrape_samples_scraped"))
"""Series that the server itself writes for each target."""
_MAKES_LABELS: Final = frozenset(("label_replace", "label_join", "info"))
_FAMILIES: Final[Mapping[str, frozenset[str]]] = {each.name: frozenset(each.labels) for each in semconv.FAMILIES}


@dataclass(frozen=True, slots=True)
class SeriesLabels:
    """of_targets: the labels that any target of the set has; None where nobody knows."""

    of_targets: frozenset[str] | None

    @classmethod
    def of(cls, workspace: Workspace) -> "SeriesLabels":
        """What the Prometheus files of a set say."""
        found = frozenset[str]()
        for job in all_jobs(workspace) or ():
            labels = job.added_labels()
            if labels is None:
                return cls(None)
            found |= labels
        return cls(found or None)

    def can_bring(self, expr: Expr, label: str) -> bool:
        """Whether any selector of `expr` can have `label`, or something in it makes labels."""
        if self.of_targets is None or label in self.of_targets:
            return True
        return any(self._brings(node, label) for node in walk(expr))

    def _brings(self, node: Expr, label: str) -> bool:
        match node:
            case VectorSelector(name=name):
                return self._has(name, label) or any(each.name == label for each in node.matchers)
            case Call(func=func):
                return func in _MAKES_LABELS
            case Aggregate(op="count_values"):
                return True
            case _:
                return False

    def _has(self, name: str, label: str) -> bool:
        if name in _OF_TARGETS:
            return False
        family = name if name in _FAMILIES else family_of_part(name)
        return family not in _FAMILIES or label in _FAMILIES[family] or label == BUCKET
