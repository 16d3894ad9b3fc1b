"""Drilled rules -> a table, the steps of each, or a document for JSON."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, Final

from hivesight.doctor.drill.drilled import Drilled, Passage
from hivesight.doctor.drill.hearing import Hearing
from hivesight.doctor.rehearsal import Delivery
from hivesight.model.duration import format_duration

_HEADINGS: Final = ("rule", "fires", "silent", "resolves", "reaches", "message")
_MOST_LINES: Final = 40
_READ: Final = ("slack", "email", "msteamsv2", "msteams", "discord", "telegram", "opsgenie", "pagerduty", "webhook")
"""Whose message stands for all, where several were sent: what people read before what machines do."""


def table(drilled: Sequence[Drilled], width: int) -> Iterator[str]:
    """A line for each rule, then what is wrong, and the count. width: of the terminal."""
    rows = [_HEADINGS, *map(_row, drilled)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS) - 1)]
    for row in rows:
        line = "  ".join([*(cell.ljust(size) for cell, size in zip(row[:-1], widths, strict=True)), row[-1]])
        yield line if len(line) <= width else f"{line[: max(1, width - 1)]}…"
    yield ""
    for each in drilled:
        yield from (f"{each.subject.name}: {problem.text}" for problem in each.problems)
        yield from _notes(each)
    passed = sum(each.passed for each in drilled)
    yield f"{passed} of {len(drilled)} alerting rules fire, are silent in health, and reach their receiver"


def steps(each: Drilled) -> Iterator[str]:
    """What happened to one rule, and the messages that were sent."""
    yield f"{each.subject.name}  ({each.subject.path}, group {each.subject.group.name})"
    yield from (f"  silent in health   {origin}" for origin in each.health)
    for passage in each.passages:
        yield f"  fault              {passage.origin}"
        yield from (f"    {at:>10}  {what}" for at, what in _course(passage))
    if (first := each.first) is not None and first.hearing is not None:
        yield from _messages(first.hearing)
    yield from (f"  wrong: {problem.text}" for problem in each.problems)


def document(drilled: Sequence[Drilled]) -> list[dict[str, Any]]:
    """All of it, for programs."""
    return [
        {
            "alert": each.subject.name,
            "file": each.subject.path,
            "group": each.subject.group.name,
            "passed": each.passed,
            "always": each.always,
            "health": list(each.health),
            "problems": [{"kind": problem.kind, "text": problem.text} for problem in each.problems],
            "faults": [_passage_document(passage) for passage in each.passages],
        }
        for each in drilled
    ]


def _row(each: Drilled) -> tuple[str, ...]:
    first = each.first
    wrong = {problem.kind for problem in each.problems}
    fires = "no" if first is None or "fires" in wrong else _after(first.fires_after_ms)
    silent = "never" if each.always else "no" if "silent" in wrong else "yes" if each.health else "-"
    resolves = "never" if each.always else "-" if first is None else _after(first.over_after_ms)
    hearing = None if first is None else first.hearing
    message = "" if hearing is None else _first_line(hearing)
    return each.subject.name, fires, silent, resolves, _reached(hearing), message


def _after(ms: int | None) -> str:
    return "no" if ms is None else f"after {format_duration(ms)}" if ms else "at once"


def _reached(hearing: Hearing | None) -> str:
    if hearing is None:
        return "-"
    told: dict[str, dict[str, None]] = {name: {} for name in hearing.receivers}
    for each in hearing.told:
        told.setdefault(each.receiver, {})[each.integration.partition("[")[0]] = None
    return "; ".join(f"{name} ({', '.join(kinds) or 'nobody'})" for name, kinds in told.items()) or "nobody"


def _first_line(hearing: Hearing) -> str:
    """What a message says first, below its title, which mostly is the alert's name."""
    messages = {
        each.integration.partition("[")[0]: each.messages[0] for each in reversed(hearing.told) if each.messages
    }
    kind = next((kind for kind in _READ if kind in messages), None)
    if kind is None:
        return ""
    chosen = messages[kind]
    # What a program reads begins with a brace.
    lines = (line.strip(" *_") for line in chosen.text.splitlines() if kind != "webhook")
    return next((line for line in lines if line and line != chosen.title), chosen.title)


def _notes(each: Drilled) -> Iterator[str]:
    muted = {passage.hearing.muted_by for passage in each.passages if passage.hearing is not None}
    hearing = None if each.first is None else each.first.hearing
    if each.always and hearing is not None and not hearing.told:
        receivers = ", ".join(hearing.receivers)
        yield f"{each.subject.name}: its receiver {receivers} tells nobody yet: point it at a service that misses it"
    yield from (f"{each.subject.name}: held back under this fault while {why}" for why in sorted(muted - {""}))


def _course(passage: Passage) -> Iterator[tuple[str, str]]:
    """What happened when, since the fault began."""
    hearing = passage.hearing
    told = () if hearing is None else hearing.told
    ended = () if hearing is None else hearing.ended
    held = () if hearing is None else hearing.held
    over_ms = passage.over_ms
    # What happened in the same moment stands in this order.
    happened = [
        (passage.pending_ms, "pending"),
        (passage.fired_ms, "firing"),
        *((each.first_ms, f"held back by {each.what}: {each.why}") for each in held),
        *((each.at_ms, _said(each, "told")) for each in told),
        (None if over_ms is None else passage.healed_ms, "the fault is over"),
        (over_ms, "resolved"),
        *((each.at_ms, _said(each, "told that it is over")) for each in ended),
    ]
    known = [(at_ms, what) for at_ms, what in happened if at_ms is not None]
    for at_ms, what in sorted(known, key=lambda each: each[0]):
        yield f"+{format_duration(max(0, at_ms - passage.begun_ms))}", what


def _said(each: Delivery, how: str) -> str:
    failed = f", which failed: {each.error}" if each.error else ""
    return f"{how}: {each.integration} of {each.receiver} ({each.reason}){failed}"


def _messages(hearing: Hearing) -> Iterator[str]:
    """The first message to each integration that was told."""
    first = {(each.receiver, each.integration): each for each in reversed(hearing.told) if each.messages}
    for (receiver, integration), each in sorted(first.items()):
        yield f"  message            {integration} of {receiver}"
        text = each.messages[0].text.splitlines()
        lines = [each.messages[0].title, *(text[1:] if text[:1] == [each.messages[0].title] else text)]
        yield from textwrap.indent("\n".join(lines[:_MOST_LINES]), "    | ", lambda _: True).splitlines()
        if len(lines) > _MOST_LINES:
            yield f"    ... and {len(lines) - _MOST_LINES} lines more: --output json has all of it"


def _passage_document(passage: Passage) -> dict[str, Any]:
    hearing = passage.hearing
    return {
        "series": passage.origin,
        "fires_after_ms": passage.fires_after_ms,
        "resolves_after_ms": passage.over_after_ms,
        "receivers": [] if hearing is None else list(hearing.receivers),
        "muted_by": "" if hearing is None else hearing.muted_by,
        "held_back": []
        if hearing is None
        else [
            {"by": each.what, "why": each.why, "after_ms": each.first_ms - passage.begun_ms} for each in hearing.held
        ],
        "deliveries": []
        if hearing is None
        else [_delivery_document(each, passage.begun_ms) for each in (*hearing.told, *hearing.ended)],
    }


def _delivery_document(each: Delivery, begun_ms: int) -> dict[str, Any]:
    return {
        "after_ms": each.at_ms - begun_ms,
        "receiver": each.receiver,
        "integration": each.integration,
        "group_labels": dict(each.group_labels),
        "firing": [dict(alert.labels) for alert in each.firing],
        "resolved": [dict(alert.labels) for alert in each.resolved],
        "reason": each.reason,
        "error": each.error,
        "messages": [{"title": message.title, "text": message.text} for message in each.messages],
    }
