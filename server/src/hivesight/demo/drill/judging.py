"""What was seen of an alert under its fault -> what a drill says of it."""

from collections.abc import Iterator
from dataclasses import replace

from hivesight.alerting.journal import What
from hivesight.demo.drill.following import Following
from hivesight.doctor.drill import Drilled, Hearing, Passage, Problem
from hivesight.doctor.rehearsal import Held


def judged(seen: Following, health: str) -> Drilled:
    """seen: followed to its end. health: in what it was seen to be silent, in words."""
    passages = (_passage(seen),) if seen.begun_ms else ()
    silent = (health,) if seen.was_silent else ()
    return Drilled(seen.subject, passages, silent, problems=(*seen.problems, *_wrong(seen)))


def _wrong(seen: Following) -> Iterator[Problem]:
    """What is with the telling of an alert that fired."""
    if seen.fired_ms is None:
        return
    receivers = ", ".join(seen.receivers)
    failed = next((each for each in (*seen.told, *seen.ended) if not each.arrived), None)
    if not seen.own:
        yield Problem("receivers", "alert_relabel_configs drop it, so that nobody is told")
    elif failed is not None:
        yield Problem("receivers", f"{failed.integration} of {failed.receiver} cannot be told: {failed.error}")
    elif not seen.listeners():
        yield Problem("receivers", f"its receiver {receivers} tells nobody: give it an integration")
    elif not seen.told_or_held:
        yield Problem("receivers", f"{receivers} is not told, or not by every integration")
    elif seen.over_ms is not None and not seen.all_ended:
        yield Problem("resolves", f"{receivers} is not told that it is over, or not by every integration")


def _passage(seen: Following) -> Passage:
    pending_ms, fired_ms, over_ms = (
        None if each is None else _second(each) for each in (seen.pending_ms, seen.fired_ms, seen.over_ms)
    )
    return Passage(
        f"{seen.fault}, in the reference hive",
        _second(seen.begun_ms),
        _second(seen.healed_ms),
        pending_ms,
        fired_ms,
        over_ms,
        None if fired_ms is None else _hearing(seen, fired_ms),
    )


def _hearing(seen: Following, fired_ms: int) -> Hearing:
    why = f"{seen.muted_by} fires" if seen.muted_by and not seen.told else ""
    held = [
        Held(labels, route.options.receiver, What.INHIBITED, why, fired_ms, _second(seen.healed_ms))
        for labels in sorted(seen.own)
        for route in seen.telling.tree.match(labels)
        if why
    ]
    told, ended = (
        tuple(replace(each, at_ms=_second(each.at_ms)) for each in heard) for heard in (seen.told, seen.ended)
    )
    return Hearing(tuple(sorted(seen.own)), told, ended, tuple(held), seen.receivers, why)


def _second(ms: int) -> int:
    """The nearest whole second: what is watched from outside is not known more exactly."""
    return round(ms / 1000) * 1000
