"""Findings as GitHub's workflow commands, which it shows beside the lines of a pull request."""

from typing import Final

from hivesight.doctor.examination import Examination
from hivesight.model.diagnostics import Severity

_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def github(examination: Examination) -> str:
    """A line a finding (GitHub, "Workflow commands for GitHub Actions")."""
    lines: list[str] = []
    for finding in examination.findings:
        place = finding.diagnostic
        told = f"{place.message}. {finding.remedy}" if finding.remedy else place.message
        line, col = max(1, place.line), max(1, place.col)
        where = f"file={_property(place.path)},line={line},col={col},title={_property(finding.code)}"
        lines.append(f"::{_COMMANDS[place.severity]} {where}::{_data(told)}")
    return "\n".join(lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
