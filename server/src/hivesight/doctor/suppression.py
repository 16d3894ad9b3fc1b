"""Comments that disable a check where they stand: `# hivesight: ignore promql/unit because the limit is meant so`.

A comment on a line of its own speaks for the block that begins with the next line: a rule, a route, a service. One at
the end of a line speaks for that line. JSON has no comments: there a text that ends with one, such as a panel's
description, speaks for the object that it stands in. Each needs a reason, so that whoever reads the file knows why.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hivesight.doctor.catalog import CHECKS
from hivesight.doctor.finding import Finding
from hivesight.model.diagnostics import Diagnostic, Severity
from hivesight.schema import load_json
from hivesight.schema.tree import Node, Place

_COMMENT: Final = re.compile(r"# *hivesight: *ignore\b(.*)")


@dataclass(frozen=True, slots=True)
class _Suppression:
    """The lines `first` to `last` (from 1) do not get the findings of `codes`."""

    first: int
    last: int
    codes: frozenset[str]


class _Disabled:
    """All suppressions of a file: for each code where they begin, and how far those up to there reach."""

    def __init__(self, told: Iterable[_Suppression | Finding]) -> None:
        self._firsts: dict[str, list[int]] = {}
        self._reach: dict[str, list[int]] = {}
        suppressions = (each for each in told if isinstance(each, _Suppression))
        for each in sorted(suppressions, key=lambda each: each.first):
            for code in each.codes:
                reach = self._reach.setdefault(code, [])
                reach.append(max(each.last, reach[-1] if reach else 0))
                self._firsts.setdefault(code, []).append(each.first)

    def covers(self, finding: Finding) -> bool:
        line = finding.diagnostic.line
        before = bisect_right(self._firsts.get(finding.code, ()), line)
        return before > 0 and line <= self._reach[finding.code][before - 1]


def heard(findings: Sequence[Finding], texts: Mapping[str, str]) -> tuple[list[Finding], list[Finding]]:
    """The findings that remain, with those about the comments themselves, and the ones that comments disable."""
    kept: list[Finding] = []
    suppressed: list[Finding] = []
    told = {path: list(_comments(path, text)) for path, text in texts.items() if "hivesight:" in text}
    disabled = {
        path: _Disabled(each for each in found if isinstance(each, _Suppression)) for path, found in told.items()
    }
    for finding in findings:
        of_file = disabled.get(finding.diagnostic.path)
        covered = of_file is not None and of_file.covers(finding)
        (suppressed if covered else kept).append(finding)
    faults = [each for found in told.values() for each in found if isinstance(each, Finding)]
    return sorted((*kept, *faults), key=lambda each: each.place), suppressed


def _comments(path: str, text: str) -> Iterator[_Suppression | Finding]:
    if path.endswith(".json"):
        yield from _in_json(path, text)
        return
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        match = _COMMENT.search(line)
        if match is None:
            continue
        place = Place(number, match.start() + 1, match.end() - match.start())
        last = number if line[: match.start()].strip() else _end_of_block(lines, number)
        yield _judged(path, place, match, number, last)


def _in_json(path: str, text: str) -> Iterator[_Suppression | Finding]:
    stack = [load_json(text, path).root]
    while stack:
        node = stack.pop()
        last = 0
        for _, each in (node.items or {}).values():
            if each.items is not None:
                stack.append(each)
            elif each.value and (match := _COMMENT.search(each.value)):
                last = last or _last_line(node)
                yield _judged(path, each.place, match, node.place.line, last)


def _last_line(node: Node) -> int:
    last = node.place.line
    stack = [node]
    while stack:
        current = stack.pop()
        last = max(last, current.place.line)
        stack += [each for _, each in (current.items or {}).values()]
    return last


def _judged(path: str, place: Place, match: "re.Match[str]", first: int, last: int) -> _Suppression | Finding:
    """What a comment says of the lines from `first` to `last`, or what is wrong with it."""
    listed, _, reason = match[1].partition(" because ")
    codes = frozenset(listed.replace(",", " ").split())
    unknown = sorted(codes - CHECKS.keys())
    if unknown or not codes:
        return _fault(path, place, f"no check is called {unknown[0] if unknown else ''!r}")
    if not reason.strip():
        return _fault(path, place, "a check is disabled with a reason: add 'because ...'")
    return _Suppression(first, last, codes)


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


def _fault(path: str, place: Place, message: str) -> Finding:
    fault = Diagnostic(path, place.line, place.col, place.length, Severity.WARNING, "doctor/comment", message)
    return Finding(fault, "hivesight check --list names the checks")
