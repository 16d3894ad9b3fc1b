"""Compose files: images, what is open to whom, what is in them that should not be, and what keeps them running."""

from collections.abc import Iterator

from hivesight.doctor.compose import access, exporters, images, names, operation, ports, secrets
from hivesight.doctor.compose.services import Stack, stacks_of
from hivesight.doctor.facts import SetFacts
from hivesight.doctor.finding import Edit, Finding
from hivesight.doctor.nodes import child
from hivesight.doctor.rule_files import at
from hivesight.doctor.workspace import Workspace


def findings(workspace: Workspace, facts: SetFacts) -> Iterator[Finding]:
    """What is wrong with the Compose files of a set."""
    stacks = tuple(stacks_of(workspace))
    known = {name for stack in stacks for service in stack.services for name in service.known_as}
    outside = ports.outside_targets(workspace, known)
    for stack in stacks:
        yield from _version(stack)
        yield from ports.clashes(stack)
        yield from names.findings(stack)
        for service in stack.services:
            yield from images.findings(stack, service)
            yield from ports.findings(stack, service)
            yield from ports.taken(stack, service, outside)
            yield from secrets.findings(stack, service)
            yield from access.findings(stack, service)
            yield from operation.findings(stack, service)
            yield from exporters.findings(stack, service)


def _version(stack: Stack) -> Iterator[Finding]:
    loaded = stack.document.loaded
    if child(loaded.root, "version") is None:
        return
    message = "Compose does not read version any more, and warns of it"
    finding = at(loaded, ("version",), "compose/obsolete-version", message, "take the line out", on_key=True)
    place = finding.diagnostic
    line = loaded.text.split("\n", place.line)[place.line - 1]
    if place.col == 1 and place.line <= loaded.text.count("\n"):  # the line with its end
        yield Finding(place, finding.remedy, Edit(place.line, 1, len(line) + 1, ""))
    else:
        yield finding
