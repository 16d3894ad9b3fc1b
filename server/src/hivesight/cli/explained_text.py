"""Explanations as text: the documents of `/hive/api/v1/alerts/explain` and `/hive/api/v1/routes/test` in, lines out."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from hivesight.model.duration import format_duration
from hivesight.model.labels import Labels

Document = Mapping[str, Any]

_MOST_HISTORY: Final = 25
_TOLD: Final = {
    "told": "told",
    "failed": "NOT told",
    "unchanged": "not said again",
    "unwanted": "end not told",
    "silence": "held back",
    "inhibition": "held back",
    "time_interval": "held back",
}
_UNITS: Final = ((86_400_000, 3_600_000), (3_600_000, 60_000), (1000, 1000))
"""From how many milliseconds on a time is told in which unit."""
_HELD_BY: Final = {"silence": "", "inhibition": "inhibited: ", "time_interval": "time interval "}


class Times:
    """Times of one page: without the day where it is that of now."""

    def __init__(self, now: str) -> None:
        self._now = datetime.fromisoformat(now)

    def __call__(self, text: str) -> str:
        at = datetime.fromisoformat(text)
        return f"{at:%H:%M:%S}" if at.date() == self._now.date() else f"{at:%Y-%m-%d %H:%M:%S}"

    def ago(self, text: str) -> str:
        """How long ago, or in how long."""
        return span((self._now - datetime.fromisoformat(text)).total_seconds())


def span(seconds: float) -> str:
    """A time as people say it: `12s`, `3m5s`, `2h10m`, `3d4h`."""
    ms = abs(seconds) * 1000
    unit = next((unit for least, unit in _UNITS if ms >= least), 1)
    return format_duration(round(ms / unit) * unit)


def explained(document: Document) -> Iterator[str]:
    """One alert's whole story."""
    times = Times(document["now"])
    yield from _head(document, times)
    yield from _rules(document["rules"], times, document)
    yield from section("Routes", tree(document["route"]))
    for group in document["groups"]:
        yield from _group(group, times, document["state"])
    yield from _history(document["history"], times)


def tested(document: Document) -> Iterator[str]:
    """What would become of an alert with these labels."""
    times = Times(document["now"])
    yield str(Labels(document["labels"]))
    yield from section("Routes", tree(document["route"]))
    for group in document["groups"]:
        yield from _group(group, times, "firing")


def tree(route: Document, indent: str = "", stem: str = "") -> Iterator[str]:
    """A routing tree as lines; what became of a label set at each node where that was asked."""
    matchers = ", ".join(route["matchers"]) or ("(root)" if not stem else "(any)")
    more = ", continue" if route["continue"] else ""
    said = _outcome(route)
    yield f"{indent}{stem}{matchers}  -> {route['receiver']}{more}" + (f"   {said}" if said else "")
    below = indent + {"├─ ": "│  ", "└─ ": "   ", "": ""}[stem]
    for place, child in enumerate(route["routes"], 1):
        yield from tree(child, below, "└─ " if place == len(route["routes"]) else "├─ ")


def rule_lines(rule: Document, times: Times) -> Iterator[str]:
    """A rule and how it fares."""
    waits = f", for {span(rule['for'])}" if rule["for"] else ""
    keeps = f", keep_firing_for {span(rule['keep_firing_for'])}" if rule["keep_firing_for"] else ""
    yield f"{rule['name']} in group {rule['group']} of {rule['file']}"
    yield f"{rule['query']}{waits}{keeps}, asked every {span(rule['interval'])}"
    if rule["last_error"]:
        yield f"FAILS: {rule['last_error']}"
    elif rule["evaluated_at"] is None:
        yield "not evaluated yet"
    elif rule["alert"] is None:
        yield f"asked {times.ago(rule['evaluated_at'])} ago: its condition does not hold"


def section(title: str, lines: Iterator[str] | Sequence[str]) -> Iterator[str]:
    """Lines under a title in the margin."""
    for number, line in enumerate(lines):
        yield f"{title if not number else '':<9} {line}".rstrip()


def _head(document: Document, times: Times) -> Iterator[str]:
    alert = document["alert"]
    over, since = document["state"] == "resolved", ""
    if alert and over:
        since = f", fired {times(alert['startsAt'])} to {times(alert['endsAt'])}"
    elif alert:
        since = f" since {times(alert['startsAt'])} ({times.ago(alert['startsAt'])})"
    yield f"{document['state'].upper()}{since}  {Labels(document['labels'])}"
    if alert:
        until = "" if over else f", over unless heard again by {times(alert['endsAt'])}"
        yield from section("Heard", [f"{times.ago(alert['updatedAt'])} ago{until}"])


def _rules(rules: Sequence[Document], times: Times, document: Document) -> Iterator[str]:
    if not rules:
        yield from section("Rule", ["none of this server's: it came over the API" if document["alert"] else "none"])
    for rule in rules:
        yield from section("Rule", rule_lines(rule, times))
        yield from section("", (_period(each, times) for each in rule["periods"]))
        if rule["fires_at"]:
            yield from section("", [f"fires at {times(rule['fires_at'])} if its condition goes on to hold"])


def _period(period: Document, times: Times) -> str:
    values = [value for value in (period["value"], period["last_value"]) if value is not None]
    shown = f", value {' to '.join(dict.fromkeys(values))}" if values else ""
    until = f"to {times(period['to'])}" if period["over"] else "and still"
    return f"{times(period['from'])} {until}: {period['state']}{shown}"


def _outcome(route: Document) -> str:
    match route.get("outcome"):
        case "taken":
            return "TAKES IT"
        case "child took it":
            return "matches, a route below takes it"
        case "a matcher failed":
            name = route["failed"].partition("=")[0].rstrip("!")
            value = route["value"]
            return f"no: {name} is {value!r}" if value else f"no: it has no {name}"
        case "an earlier sibling matched without continue":
            return "not asked: a route before it took it, without continue"
        case _:
            return ""


def _group(group: Document, times: Times, state: str) -> Iterator[str]:
    """state: the alert's. One that does not fire is in no group, and nothing is to be expected of its groups."""
    comes = group["waiting"] or state == "firing"

    def lines() -> Iterator[str]:
        yield f"{Labels(group['labels'])} -> {group['receiver']}   {_standing(group, times, state)}"
        for hold in group["holds"]:
            until = f", until {times(hold['until'])}" if hold["until"] else ""
            yield f"HELD BACK by {_HELD_BY[hold['what']]}{hold['why']}{until}"
        for each in group["integrations"]:
            yield _prospect(each, group, times) if comes else f"{each['name']}[{each['index']}]"
        if not group["integrations"]:
            yield f"nobody is told: {group['receiver']} has no integrations"

    yield from section("Group", lines())


def _standing(group: Document, times: Times, state: str) -> str:
    if group["telling"]:
        when = "is being told now"
    elif group["waiting"] or group["alerts"] > 1:
        when = f"looked at next at {times(group['next_flush'])} and every {span(group['group_interval'])}"
    else:
        when = f"looked at {span(group['group_wait'])} after the alert comes"
    others = group["alerts"] - 1
    if group["waiting"]:
        return "holds it" + (f" and {others} more" if others else "") + f", {when}"
    gone = "does not hold it any more" if state == "resolved" else "does not hold it"
    return f"{gone}, {when}" if state != "resolved" else gone


def _prospect(each: Document, group: Document, times: Times) -> str:
    told = f"told of the group at {times(each['told_at'])}" if each["told_at"] else "not told of the group yet"
    if each["told_at"] and not each["told_of_this_alert"]:
        told += ", not of this alert"
    if each["next_at"]:
        following = f"next at {times(each['next_at'])} ({each['next_reason']})"
    elif group["holds"]:
        following = "not while it is held back"
    else:
        following = each["next_reason"]
    return f"{each['name']}[{each['index']}]: {told}; {following}"


def _history(history: Sequence[Document], times: Times) -> Iterator[str]:
    if len(history) > _MOST_HISTORY:
        yield from section("History", [f"... {len(history) - _MOST_HISTORY} older ones: --output json"])
    yield from section("" if len(history) > _MOST_HISTORY else "History", map(_Fate(times), history[-_MOST_HISTORY:]))


class _Fate:
    def __init__(self, times: Times) -> None:
        self._times = times

    def __call__(self, each: Document) -> str:
        at = self._times(each["from"])
        if each["flushes"] > 1:
            at += f" to {self._times(each['to'])} ({each['flushes']} times)"
        whom = f"{each['receiver']}/{each['integration']}" if each["integration"] else each["receiver"]
        why = _HELD_BY.get(each["what"], "") + each["why"]
        tries = f" after {each['attempts']} tries" if each["attempts"] > 1 else ""
        answer = f": {each['answer']}" if each["answer"] else ""
        over = " that it is over" if each["status"] == "resolved" and each["what"] == "told" else ""
        return f"{at}  {whom} {_TOLD[each['what']]}{over} ({why}){tries}{answer}"
