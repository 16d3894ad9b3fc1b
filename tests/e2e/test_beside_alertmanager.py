"""The same alerts given to the real Alertmanager and to us: both say the same to the same receivers at the same time.
All courses run at once. HIVESIGHT_TEST_SEED draws other random ones."""

import os
import signal
import time
from pathlib import Path
from typing import Any, Final

from e2e.alertmanagers import NEWER, OURS, SIDES, THEIRS, Arrival, Pair, beside, needs_alertmanager
from e2e.courses import (
    ANSWERS,
    COURSES,
    HOUR,
    LASTS_SECONDS,
    Course,
    config,
    expires,
    posted,
    random_courses,
    silences,
)
from e2e.running import eventually

pytestmark = needs_alertmanager

SEED: Final = int(os.environ.get("HIVESIGHT_TEST_SEED", "4"))
TOLERANCE_SECONDS: Final = 0.75
"""Wide, for machines that do much else; it tells one turn of a group from the next."""
ATTEMPTS: Final = 3


def perform(pair: Pair, courses: list[Course], began: float) -> None:
    """All the acts, each in its time, until the courses are over."""
    acts = [(at, act) for course in courses for at, act in course.acts]
    for at, act in sorted(acts, key=lambda each: each[0]):
        time.sleep(max(0.0, began + at - time.time()))
        act(pair, began)
    time.sleep(max(0.0, began + LASTS_SECONDS - time.time()))


Said = tuple[float, str, Any]
"""When, over which integration, and what."""


def heard(arrivals: list[Arrival], side: str, course: Course, began: float) -> list[Said]:
    """What a side said on a course; by integration and group, in time."""
    found = [
        each
        for each in arrivals
        if each.side == side
        and each.document["commonLabels"]["course"] == course.name
        and each.at < began + LASTS_SECONDS
    ]
    found.sort(key=lambda each: (each.path, each.document["groupKey"], each.at))
    return [(each.at - began, each.path, plain(each.document, course.rough)) for each in found]


def plain(document: dict[str, Any], rough: bool = False) -> dict[str, Any]:
    """The document without what 0.25 does not say; rough: with times in whole seconds."""
    said = dict(document)
    if rough:
        times = ("startsAt", "endsAt")
        said["alerts"] = [{**each, **{key: each[key][:19] for key in times}} for each in document["alerts"]]
    if not NEWER:
        said.pop("notification_reason", None)
    return said


def differences(
    courses: list[Course], arrivals: list[Arrival], began: float
) -> dict[str, tuple[list[Said], list[Said]]]:
    """By course what theirs said and what ours did, where that is not the same at about the same time."""
    found: dict[str, tuple[list[Said], list[Said]]] = {}
    for course in courses:
        theirs, ours = (heard(arrivals, side, course, began) for side in (THEIRS, OURS))
        late = [abs(one[0] - other[0]) for one, other in zip(theirs, ours, strict=False)]
        same = [each[1:] for each in theirs] == [each[1:] for each in ours]
        if not same or (not course.jitter and max(late, default=0.0) > TOLERANCE_SECONDS):
            found[course.name] = (theirs, ours)
    return found


def test_the_same_is_said_at_the_same_time(tmp_path: Path) -> None:
    left = [each for each in [*COURSES, *random_courses(SEED, 8)] if NEWER or not each.newer]
    for attempt in range(ATTEMPTS):
        directory = tmp_path / str(attempt)
        directory.mkdir()
        with beside(directory, config(left), ANSWERS) as (pair, collector):
            began = time.time() + 0.7
            perform(pair, left, began)
            arrivals = list(collector.arrivals)
        told = differences(left, arrivals, began)
        assert any(heard(arrivals, OURS, each, began) for each in left)
        # A machine that stands still for a moment makes an alert miss its turn on one side alone.
        left = [each for each in left if each.name in told]
        if not left:
            return
    name, (theirs, ours) = told.popitem()
    assert ours == theirs, name


def by_group(arrival: Arrival) -> tuple[str, float]:
    return arrival.document["groupKey"], arrival.at


RESTART = """
route:
  receiver: all
  group_by: [alertname]
  group_wait: 300ms
  group_interval: 1s
  repeat_interval: 1h
receivers: [{name: all, webhook_configs: [{url: COLLECTOR/hook}]}]
"""


def test_a_restart_neither_loses_nor_repeats(tmp_path: Path) -> None:
    """Ours is asked to end and then killed; theirs is asked both times, since it writes its log at its end and every 15
    minutes. Theirs forgets the alerts themselves: they are posted again, as Prometheus would."""
    alerts = [{"alertname": "A", "i": "1"}, {"alertname": "A", "i": "2"}, {"alertname": "B", "i": "1"}]

    def say(*wanted: dict[str, str], ends: float = HOUR) -> None:
        pair.post([posted("restart", began, 0, ends, **each) for each in wanted])

    def told(count: int, what: str) -> None:
        eventually(lambda: all(len(collector.said_by(side)) >= count for side in SIDES), 15, what)

    with beside(tmp_path, RESTART) as (pair, collector):
        began = time.time()
        silences("restart", 0, HOUR, alertname="B")(pair, began)
        say(*alerts)
        told(1, "the alerts are told")
        pair.stop()
        pair.start()
        say(*alerts)
        time.sleep(1.5)
        say(*alerts, {"alertname": "A", "i": "3"})
        told(2, "a new alert is told")
        expires("restart")(pair, began)
        told(3, "what was silenced is told")
        pair.stop(ours=signal.SIGKILL)
        pair.start()
        say(*alerts, {"alertname": "A", "i": "3"})
        time.sleep(0.3)
        over = time.time() - began
        say(*alerts, {"alertname": "A", "i": "3"}, ends=over)
        told(5, "all is over")
        time.sleep(1.5)
        theirs, ours = (
            [plain(each.document) for each in sorted(collector.said_by(side), key=by_group)] for side in SIDES
        )
    assert ours == theirs
    told_of = [(each["status"], len(each["alerts"])) for each in ours]
    assert told_of == [("firing", 2), ("firing", 3), ("resolved", 3), ("firing", 1), ("resolved", 1)]
