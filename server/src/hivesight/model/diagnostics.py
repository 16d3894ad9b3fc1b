"""What is wrong with a file that a user wrote: data with a place, never an exception."""

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

_SHOWN: Final = 400
"""The most characters of a line that are shown."""


class Severity(IntEnum):
    INFO = 0
    WARNING = 1
    ERROR = 2


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault in one file. line and col count from 1, in characters; length is that of the faulty text, at least 1.
    code: a short stable name such as `yaml/syntax` or `config/unknown-key`. message: what is wrong and what to do."""

    path: str
    line: int
    col: int
    length: int
    severity: Severity
    code: str
    message: str

    def render(self, source: str | None = None) -> str:
        """The fault as `path:line:col: error: message (code)`, with the line and a caret under the fault where the
        source text is at hand (read from `path` when it is not given)."""
        head = f"{self.path}:{self.line}:{self.col}: {self.severity.name.lower()}: {self.message} [{self.code}]"
        lines = (_read(self.path) if source is None else source).splitlines()
        if not 0 < self.line <= len(lines):
            return head
        first = max(0, self.col - _SHOWN // 2) if self.col > _SHOWN else 0
        text = lines[self.line - 1].replace("\t", " ")[first : first + _SHOWN]
        gutter = f"{self.line:>5} | "
        before = self.col - 1 - first
        width = max(1, min(self.length, len(text) - before))
        return f"{head}\n{gutter}{text}\n{' ' * (len(gutter) + before)}{'^' * width}"


def worst(diagnostics: list[Diagnostic]) -> Severity | None:
    """The gravest severity among them, or None where there are none."""
    return max((each.severity for each in diagnostics), default=None)


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
