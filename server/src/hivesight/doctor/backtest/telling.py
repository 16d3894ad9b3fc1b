"""Whom the alerts of a back-test would have reached: they are handed to the rehearsal of an Alertmanager configuration
in the order of their times."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from hivesight.alerting.config import ConfigFile
from hivesight.doctor.backtest.course import Episode
from hivesight.doctor.backtest.verdict import AlertingResult, Results
from hivesight.doctor.rehearsal import Delivery, Held, Rehearsal
from hivesight.model.alert import Alert
from hivesight.model.errors import BadQuery
from hivesight.rules.alerting import generator_url
from hivesight.rules.expansion import Surroundings

MAX_CHANGES: Final = 50_000
"""Beginnings and ends of alerts that are told of."""


@dataclass(frozen=True, slots=True)
class Told:
    """deliveries: in the order of their times. held: what was kept from being told."""

    deliveries: Sequence[Delivery]
    held: Sequence[Held]


def tell(results: Results, file: ConfigFile, surroundings: Surroundings) -> Told:
    """file: of an Alertmanager configuration without errors. Alerts that fire when the time begins are new to it.
    Raises ConfigError, and BadQuery where there is too much to tell."""
    changes = sorted(_changes(results, surroundings), key=lambda each: each[0])
    with Rehearsal(file, results.since_ms, external_url=surroundings.external_url or "http://localhost:9640") as stage:
        for at_ms, together in groupby(changes, key=lambda each: each[0]):
            stage.put([alert for _, alert in together], at_ms)
        stage.advance_to(results.until_ms)
        return Told(stage.deliveries, stage.held_back())


def _changes(results: Results, surroundings: Surroundings) -> list[tuple[int, Alert]]:
    """When alerts began to fire and were over, with what is then said of them."""
    found: list[tuple[int, Alert]] = []
    for result in results.alerting:
        for episode in result.firings:
            begins, ends = results.span(episode)
            alert = _alert(results, result, episode, surroundings)
            found.append((begins, alert))
            if episode.over_at_ms is not None:
                found.append((ends, replace(alert, ends_at_ms=ends, updated_at_ms=ends)))
            if len(found) > MAX_CHANGES:
                raise BadQuery(
                    f"alerts begin and end more than {MAX_CHANGES:,} times, too often to say who would have been told: "
                    "begin later (--since), or leave --alertmanager-config out"
                )
    return found


def _alert(results: Results, result: AlertingResult, episode: Episode, surroundings: Surroundings) -> Alert:
    """The alert as it begins to fire. It is not said again, and so holds until it is said to be over."""
    assert episode.fired_at_ms is not None
    return Alert(
        labels=surroundings.external_labels.merged(episode.labels),
        annotations=result.annotations(episode),
        starts_at_ms=episode.fired_at_ms,
        ends_at_ms=results.until_ms + 1,
        generator_url=generator_url(surroundings, result.member.rule.query),
        updated_at_ms=results.span(episode)[0],
    )
