"""Alertmanager files: routes, receivers, inhibition, messages, and what its reader refuses."""

from collections.abc import Iterator
from typing import Final

from hivesight.alerting.config import Config
from hivesight.alerting.config_check import checked
from hivesight.doctor.alertmanager import inhibition, messages, notation, reached, receivers, routes, templates, timing
from hivesight.doctor.alertmanager.sections import sections_of
from hivesight.doctor.alertmanager.tree import traffic
from hivesight.doctor.alerts.index import AlertIndex
from hivesight.doctor.alerts.possible import possible_alerts
from hivesight.doctor.credentials import in_alertmanager
from hivesight.doctor.facts import SetFacts
from hivesight.doctor.finding import Finding
from hivesight.doctor.workspace import Document, FileKind, Workspace

_NOT_THE_FILES: Final = frozenset(
    ("config/unsupported", "alertmanager/unused", "alertmanager/unsupported-receiver", "alertmanager/template")
)
"""What the reader says of this server, which is no fault of the file, and what is told with more here."""
_JUDGED_HERE: Final = frozenset(("alertmanager/deprecated", "alertmanager/slack-webhook"))


def findings(workspace: Workspace, facts: SetFacts) -> Iterator[Finding]:
    """What is wrong with the Alertmanager files of a set."""
    alerts = AlertIndex(possible_alerts(workspace, facts))
    for document in workspace.of(FileKind.ALERTMANAGER):
        yield from _of_file(document, alerts)


def _of_file(document: Document, alerts: AlertIndex) -> Iterator[Finding]:
    read = checked(document.read_as(Config))
    yield from (Finding(each) for each in read.diagnostics if each.code not in _NOT_THE_FILES | _JUDGED_HERE)
    file = sections_of(document, alerts, read.loaded.value.route if read.loaded.value is not None else None)
    ways = traffic(file.tree, alerts) if file.tree is not None and alerts else None
    if ways is not None:
        yield from reached.findings(file, ways)
    yield from routes.unreachable(file, ways)
    yield from receivers.findings(file)
    yield from receivers.twice_written(file)
    yield from inhibition.findings(file)
    yield from timing.findings(file, ways)
    yield from messages.findings(file)
    yield from notation.deprecated(document)
    yield from templates.findings(document, read)
    yield from in_alertmanager(document)
