"""OpenTelemetry Collector files: components and pipelines that do not fit together, what was removed, and what is
open or silent."""

from collections.abc import Iterator

from hivesight.doctor.collector import components, exposure, order, removed, service
from hivesight.doctor.collector.containers import Containers
from hivesight.doctor.collector.pipelines import collectors_of
from hivesight.doctor.facts import SetFacts
from hivesight.doctor.finding import Finding
from hivesight.doctor.workspace import Workspace


def findings(workspace: Workspace, facts: SetFacts) -> Iterator[Finding]:
    """What is wrong with the Collector files of a set."""
    containers = Containers.of(workspace)
    for collector in collectors_of(workspace):
        yield from components.findings(collector)
        yield from removed.findings(collector)
        yield from order.findings(collector)
        yield from exposure.findings(collector, containers)
        yield from service.findings(collector)
