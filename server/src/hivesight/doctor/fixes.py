"""The mechanical remedies, written into the files: one pass, and nothing else is touched."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

from hivesight.doctor.examination import Examination
from hivesight.doctor.finding import Edit, Finding

_ODD_BREAK: Final = re.compile("\r(?!\n)|[\x85\u2028\u2029]|\ufeff")
"""Characters after which YAML, JSON and editors do not count lines and columns alike."""


@dataclass(frozen=True, slots=True)
class Mended:
    """text: with the edits. done: findings whose edits are in it. refused: those whose edits could not be made."""

    text: str
    done: tuple[Finding, ...]
    refused: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Fixed:
    """done: findings that are mended on disk. refused: with an edit, and why it was not made."""

    done: tuple[Finding, ...]
    refused: tuple[tuple[Finding, str], ...]


def fix(examination: Examination) -> Fixed:
    """Write the edits of all findings into their files. A file that changed meanwhile is left alone."""
    done: list[Finding] = []
    refused: list[tuple[Finding, str]] = []
    editable = [each for each in examination.findings if each.edit is not None]
    for path, group in groupby(editable, key=lambda each: each.diagnostic.path):
        findings = list(group)
        mended = mend(examination.texts[path], findings)
        refused += ((each, "another edit is made there; run it again") for each in mended.refused)
        reason = _write(Path(path), examination.texts[path], mended.text) if mended.done else ""
        if reason:
            refused += ((each, reason) for each in mended.done)
        else:
            done += mended.done
    return Fixed(tuple(done), tuple(refused))


def mend(text: str, findings: Sequence[Finding]) -> Mended:
    """The text with the findings' edits, in the order of the file; an edit that overlaps one before it is refused, one
    that is the same is made once."""
    if _ODD_BREAK.search(text):
        return Mended(text, (), tuple(findings))
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    placed: list[tuple[int, int, str]] = []
    done: list[Finding] = []
    refused: list[Finding] = []
    for finding in sorted(findings, key=lambda each: each.place):
        span = _span(text, starts, finding.edit)
        if finding.edit is None or span is None:
            refused.append(finding)
            continue
        wanted = (*span, finding.edit.replacement)
        if placed and placed[-1] != wanted and span[0] < placed[-1][1]:
            refused.append(finding)
            continue
        if not placed or placed[-1] != wanted:
            placed.append(wanted)
        done.append(finding)
    for start, end, replacement in reversed(placed):
        text = text[:start] + replacement + text[end:]
    return Mended(text, tuple(done), tuple(refused))


def _span(text: str, starts: Sequence[int], edit: Edit | None) -> tuple[int, int] | None:
    """The offsets of an edit; None where its line does not have so many characters."""
    if edit is None or not 0 < edit.line <= len(starts) or edit.col < 1 or edit.length < 1:
        return None
    start = starts[edit.line - 1] + edit.col - 1
    end = start + edit.length
    line_end = starts[edit.line] if edit.line < len(starts) else len(text)
    return (start, end) if end <= line_end else None


def _write(path: Path, read: str, text: str) -> str:
    """Put `text` where `read` was, in one step; else the reason why not."""
    target = path.resolve()  # a link goes on being one
    beside = target.with_name(f".{target.name}.hivesight-fix")
    try:
        if target.read_bytes() != read.encode():
            return "the file has changed since it was read; run it again"
        beside.write_bytes(text.encode())
        beside.chmod(target.stat().st_mode & 0o7777)
        beside.replace(target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        return f"cannot write the file: {error.strerror}"
    return ""
