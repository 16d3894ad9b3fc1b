"""A check, and how grave what it finds is."""

from dataclasses import dataclass

from hivesight.model.diagnostics import Severity

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


@dataclass(frozen=True, slots=True)
class Check:
    """code: `room/name`, stable. severity: ERROR for what cannot work, WARNING for what does something else than it
    seems, INFO for advice. title: what is found. why: what happens to whom if it stays."""

    code: str
    severity: Severity
    title: str
    why: str
