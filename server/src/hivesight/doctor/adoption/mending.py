"""A configuration that our reader refuses, without the parts for which it does: those that it does not support, and
keys that nobody knows. Whatever else is wrong is left to its owner."""

from collections.abc import Callable, Sequence
from typing import Final

from hivesight.doctor.adoption.adoption import Change
from hivesight.doctor.adoption.blocks import without_block
from hivesight.model.diagnostics import Diagnostic, Severity

_TAKEN_OUT: Final = frozenset(("config/unsupported", "config/unknown-key", "alertmanager/unsupported-receiver"))
_MOST: Final = 500


def mended(text: str, read: Callable[[str], Sequence[Diagnostic]]) -> tuple[str, list[Change], list[Diagnostic]]:
    """The text, what was taken out of it, and the errors that are left. read: judges a text."""
    changes: list[Change] = []
    while True:
        errors = [each for each in read(text) if each.severity is Severity.ERROR]
        # From below, so that lines above keep their numbers.
        wrong = sorted((each for each in errors if each.code in _TAKEN_OUT), key=lambda each: -each.line)
        if not wrong or len(changes) >= _MOST:
            return text, sorted(changes, key=lambda each: each.line), errors
        before = text
        for each in wrong:
            shorter = without_block(text, each.line, each.col)
            if shorter is not None:
                what = text.split("\n")[each.line - 1].strip()
                changes.append(Change(each.line, f"{what[:80]} became a comment", each.message))
                text = shorter
        if text == before:
            return text, sorted(changes, key=lambda each: each.line), errors
