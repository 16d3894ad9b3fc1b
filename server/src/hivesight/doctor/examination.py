"""The door: paths in, findings out, in the order of files and lines."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hivesight.doctor import alertmanager, collector, compose, dashboards, live_checks, monitors, prometheus, rule_files
from hivesight.doctor.alerts import examine
from hivesight.doctor.facts import SetFacts, gather
from hivesight.doctor.finding import Finding
from hivesight.doctor.live import Live
from hivesight.doctor.opening import open_workspace
from hivesight.doctor.suppression import heard
from hivesight.doctor.workspace import Workspace
from hivesight.model.diagnostics import Severity

Examiner = Callable[[Workspace, SetFacts], Iterator[Finding]]

EXAMINERS: Final[tuple[Examiner, ...]] = (
    lambda _, facts: rule_files.findings(facts),
    examine.findings,
    prometheus.findings,
    alertmanager.findings,
    dashboards.findings,
    compose.findings,
    collector.findings,
    lambda workspace, _: monitors.findings(workspace),
    lambda _, facts: live_checks.findings(facts),
)
"""One for each kind of file. Adding a kind adds one here."""


@dataclass(frozen=True, slots=True)
class Examination:
    """findings: in the order of the files. suppressed: those that a comment disables. texts: the files by path."""

    findings: tuple[Finding, ...]
    suppressed: tuple[Finding, ...]
    texts: dict[str, str]

    @property
    def worst(self) -> Severity | None:
        """The gravest severity, None where nothing was found."""
        return max((each.severity for each in self.findings), default=None)


def check_paths(paths: Sequence[Path], surveyed: Callable[[frozenset[str]], Live] | None = None) -> Examination:
    """Examine the files and folders at `paths` together. surveyed: `live.survey` of a server, to hold them against."""
    workspace = open_workspace(paths)
    facts = gather(workspace, surveyed)
    found = [Finding(each) for each in workspace.unread]
    for examiner in EXAMINERS:
        found += examiner(workspace, facts)
    texts = {str(each.path): each.text for each in workspace.documents}
    kept, suppressed = heard(sorted(found, key=lambda each: each.place), texts)
    return Examination(tuple(kept), tuple(suppressed), texts)
