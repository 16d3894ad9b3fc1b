"""Comments that disable a check where they stand: `# hivesight: ignore promql/unit because the limit is meant so`.

A comment on a line of its own speaks for the block that begins with the next line: a rule, a route, a service. One at
the end of a line speaks for that line. Each needs a reason, so that whoever reads the file knows why.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from hivesight.doctor.catalog import CHECKS
from hivesight.doctor.finding import Finding
from hivesight.model.diagnostics import Diagnostic, Severity

_COMMENT: Final = re.compile(r"# *hivesight: *ignore\b(.*)")


class _Suppression:
    """The lines `first` to `last` (from 1) do not get the findings of `codes`."""

    def __init__(self, first: int, last: int, codes: frozenset[str]) -> None:
        self.first, self.last, self.codes = first, last, codes

    def covers(self, finding: Finding) -> bool:
        return self.first <= finding.diagnostic.line <= self.last and finding.code in self.codes


def heard(findings: Sequence[Finding], texts: Mapping[str, str]) -> tuple[list[Finding], list[Finding]]:
    """The findings that remain, with those about the comments themselves, and the ones that comments disable."""
    kept: list[Finding] = []
    suppressed: list[Finding] = []
    told = {path: list(_comments(path, text)) for path, text in texts.items() if "hivesight:" in text}
    rules = {path: [each for each in found if isinstance(each, _Suppression)] for path, found in told.items()}
    for finding in findings:
        covered = any(each.covers(finding) for each in rules.get(finding.diagnostic.path, ()))
        (suppressed if covered else kept).append(finding)
    faults = [each for found in told.values() for each in found if isinstance(each, Finding)]
    return sorted((*kept, *faults), key=lambda each: each.place), suppressed


def _comments(path: str, text: str) -> Iterator[_Suppression | Finding]:
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        match = _COMMENT.search(line)
        if match is None:
            continue
        listed, _, reason = match[1].partition(" because ")
        codes = frozenset(listed.replace(",", " ").split())
        unknown = sorted(codes - CHECKS.keys())
        if unknown or not codes:
            yield _fault(path, number, match, f"no check is called {unknown[0] if unknown else ''!r}")
        elif not reason.strip():
            yield _fault(path, number, match, "a check is disabled with a reason: add 'because ...'")
        elif line[: match.start()].strip():
            yield _Suppression(number, number, codes)
        else:
            yield _Suppression(number, _end_of_block(lines, number), codes)


def _end_of_block(lines: Sequence[str], comment: int) -> int:
    """The last line of what begins on the line after the comment: all that is indented more deeply."""
    start = comment
    while start < len(lines) and not lines[start].strip():
        start += 1
    if start == len(lines):
        return comment
    indent = _indent(lines[start])
    end = start + 1
    while end < len(lines) and (not lines[end].strip() or _indent(lines[end]) > indent):
        end += 1
    return end


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _fault(path: str, line: int, match: "re.Match[str]", message: str) -> Finding:
    place = Diagnostic(
        path, line, match.start() + 1, match.end() - match.start(), Severity.WARNING, "doctor/comment", message
    )
    return Finding(place, "hivesight check --list names the checks")
