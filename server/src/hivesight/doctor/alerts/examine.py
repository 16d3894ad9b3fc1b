"""All checks of rules that look beyond one expression."""

from collections.abc import Iterator

from hivesight.doctor.alerts import absence, duplicates, recorded, written
from hivesight.doctor.facts import SetFacts
from hivesight.doctor.finding import Finding
from hivesight.doctor.workspace import Workspace


def findings(workspace: Workspace, facts: SetFacts) -> Iterator[Finding]:
    """What is wrong with the rules of a set, one beside the other."""
    yield from written.findings(facts)
    yield from absence.findings(facts)
    yield from absence.gone_unseen(facts)
    yield from recorded.findings(facts)
    yield from duplicates.findings(workspace, facts)
