"""The same alerts given to the real Alertmanager and to us: both say the same to the same receivers at the same time.
All courses run at once, each on a route of its own."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2

from e2e.alertmanagers import NEWER, OURS, SIDES, THEIRS, Arrival, Pair, beside, needs_alertmanager, rfc3339
from e2e.running import eventually

pytestmark = needs_alertmanager

Act = Callable[[Pair, float], None]
"""What is done to both; the moment at which the courses began."""
TOLERANCE_SECONDS: Final = 0.75
"""Wide, for machines that do much else; it tells one turn of a group from the next."""
ATTEMPTS: Final = 3
HOUR: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Course:
    """A route, as it stands in the file, and what happens on it, by seconds from the beginning. receivers: their
    integrations, by what is added to the course's name. jitter: the time between attempts is drawn, so that moments
    cannot be compared. rough: there are times that each side takes itself. newer: 0.25 does otherwise."""

    name: str
    route: str
    acts: list[tuple[float, Act]]
    receivers: dict[str, str] = field(default_factory=lambda: {"": "{url: COLLECTOR/hook}"})
    jitter: bool = False
    rough: bool = False
    newer: bool = False


def says(name: str, *alerts: dict[str, Any]) -> Act:
    """Alerts are posted. begins and ends: seconds from the beginning, None to leave them out; an alert begins when it
    is posted unless it says otherwise."""

    def act(pair: Pair, began: float) -> None:
        now = {"begins": time.time() - began}
        pair.post([posted(name, began, **{**now, **alert}) for alert in alerts])

    return act


def posted(
    name: str, began: float, begins: float | None, ends: float | None = HOUR, note: str = "", **labels: str
) -> dict[str, Any]:
    """An alert as it is posted."""
    alert: dict[str, Any] = {
        "labels": {"alertname": "A", "course": name, **labels},
        "annotations": {"summary": f"of {labels.get('i', '')}"} | ({"note": note} if note else {}),
        "generatorURL": "http://prometheus.example/graph",
    }
    if begins is not None:
        alert["startsAt"] = rfc3339(began + begins)
    if ends is not None:
        alert["endsAt"] = rfc3339(began + ends)
    return alert


def silences(name: str, begins: float, ends: float, **labels: str) -> Act:
    """A silence of the alerts with these labels."""

    def act(pair: Pair, began: float) -> None:
        matchers = {"course": name, **labels}
        silence = {
            "matchers": [{"name": key, "value": value, "isRegex": False} for key, value in matchers.items()],
            "startsAt": rfc3339(began + begins),
            "endsAt": rfc3339(began + ends),
            "createdBy": "me",
            "comment": "quiet",
        }
        for answer in pair.both(lambda client: client.post("/api/v2/silences", json=silence)).values():
            assert answer.status_code == 200, answer.text

    return act


def expires(name: str) -> Act:
    """The silences of a course are ended."""

    def ask(client: httpx2.Client) -> None:
        for silence in client.get("/api/v2/silences", params={"filter": f'course="{name}"'}).json():
            assert client.delete(f"/api/v2/silence/{silence['id']}").status_code == 200

    return lambda pair, _: [pair.both(ask), None][1]


QUICK = "group_by: [alertname], group_wait: 300ms, group_interval: 1s"
COURSES = [
    Course("wait", QUICK, [(0, says("wait", {}))]),
    Course("batch", QUICK, [(0, says("batch", {"i": "2"})), (0.1, says("batch", {"i": "1"}, {"i": "3", "job": "j"}))]),
    Course("join", QUICK, [(0, says("join", {"i": "1"})), (0.5, says("join", {"i": "2"}))]),
    Course(
        "repeat",
        f"{QUICK}, repeat_interval: 2500ms",
        [(0, says("repeat", {})), (0.9, says("repeat", {"note": "changed"}))],
    ),
    Course(
        "resolve",
        QUICK,
        [
            (0, says("resolve", {"i": "1", "begins": 0}, {"i": "2", "begins": 0})),
            (1.8, says("resolve", {"i": "1", "begins": 0, "ends": 1.75})),
            (2.8, says("resolve", {"i": "2", "begins": 0, "ends": 2.75})),
            (5.6, says("resolve", {"i": "2", "begins": 5.6})),
            (7.8, says("resolve", {"i": "2", "begins": 5.6, "ends": 7.75})),
        ],
        {"": "{url: COLLECTOR/hook}, {url: COLLECTOR/firing, send_resolved: false}"},
        newer=True,
    ),
    Course(
        "flap",
        QUICK,
        [
            (0, says("flap", {"begins": 0})),
            (0.6, says("flap", {"begins": 0, "ends": 0.55})),
            (0.9, says("flap", {"begins": 0.85})),
            (1.6, says("flap", {"begins": 0.85, "ends": 1.55})),
            (2.7, says("flap", {"begins": 2.7})),
        ],
        newer=True,
    ),
    Course(
        "silenced",
        QUICK,
        [(-0.5, silences("silenced", 0, 2)), (0, says("silenced", {"i": "1"})), (0.8, says("silenced", {"i": "2"}))],
    ),
    Course(
        "falls-silent",
        f"{QUICK}, repeat_interval: 1500ms",
        [
            (0, says("falls-silent", {"i": "1", "begins": 0}, {"i": "2", "begins": 0})),
            (0.6, silences("falls-silent", 0.6, HOUR, i="1")),
            (1.6, says("falls-silent", {"i": "2", "begins": 0, "ends": 1.55})),
            (3.6, says("falls-silent", {"i": "1", "begins": 0, "ends": 3.55})),
            (4.6, expires("falls-silent")),
            (5.7, says("falls-silent", {"i": "1", "begins": 5.7})),
        ],
        newer=True,
    ),
    Course(
        "silence-ends",
        QUICK,
        [(-0.5, silences("silence-ends", -0.4, HOUR)), (0, says("silence-ends", {})), (1.7, expires("silence-ends"))],
    ),
    Course(
        "inhibited",
        "group_by: [alertname, role], group_wait: 300ms, group_interval: 1s",
        [
            (
                0,
                says("inhibited", {"role": "target", "i": "1", "zone": "a"}, {"role": "target", "i": "2", "zone": "b"}),
            ),
            (0.6, says("inhibited", {"role": "source", "zone": "a", "begins": 0.6})),
            (0.7, says("inhibited", {"role": "target", "i": "3", "zone": "a"}, {"role": "target", "i": "4"})),
            (2.7, says("inhibited", {"role": "source", "zone": "a", "begins": 0.6, "ends": 2.65})),
        ],
    ),
    Course(
        "branches",
        f'{QUICK}, routes: [{{matchers: [i=~"1|2"], receiver: branches-one, continue: true}}, '
        "{match: {i: '1'}, receiver: branches-two, group_by: [i, job], routes: "
        "[{match_re: {job: 'x.*'}, group_wait: 700ms}]}, {matchers: ['i!=\"3\"'], receiver: branches-two}]",
        [(0, says("branches", {"i": "1", "job": "x1"}, {"i": "1", "job": "y"}, {"i": "2"}, {"i": "3"}, {"i": "4"}))],
        {
            "": "{url: COLLECTOR/hook}",
            "-one": "{url: COLLECTOR/one}, {url: COLLECTOR/more, max_alerts: 1}",
            "-two": "{url: COLLECTOR/two}",
        },
    ),
    Course(
        "each-alone",
        "group_by: ['...'], group_wait: 300ms, group_interval: 1s",
        [(0, says("each-alone", {"i": "1"}, {"i": "2", "quoted": 'a "b" \\ c\n\u00e4'}))],
    ),
    Course(
        "together",
        "group_by: [], group_wait: 300ms, group_interval: 1s",
        [(0, says("together", {"i": "1"}, {"i": "2", "alertname": "B"}))],
    ),
    Course(
        "merge",
        "group_by: [i], group_wait: 300ms, group_interval: 1s, repeat_interval: 500ms",
        [
            (0, says("merge", {"begins": -10, "ends": 30}, {"i": "2", "begins": -5, "ends": 2})),
            (0.6, says("merge", {"begins": -20, "ends": 20}, {"i": "2", "begins": 0, "ends": 1.5})),
            (1.6, says("merge", {"begins": -5, "ends": 40}, {"i": "2", "begins": 3, "ends": 4})),
            (2.6, says("merge", {"begins": -1, "ends": 2.5}, {"i": "2", "begins": 5, "ends": 50})),
        ],
    ),
    Course(
        "no-end",
        QUICK,
        [
            (
                0,
                says(
                    "no-end",
                    {"i": "1", "begins": 0, "ends": None},
                    {"i": "2", "begins": None, "ends": None},
                    {"i": "3", "begins": 0, "ends": 5.1},
                ),
            ),
            (1.1, says("no-end", {"i": "1", "begins": 0, "ends": None}, {"i": "3", "begins": 0, "ends": None})),
        ],
        rough=True,
    ),
    Course("old", "group_by: [alertname], group_wait: 3s, group_interval: 1s", [(0, says("old", {"begins": -60}))]),
    Course(
        "old-joins",
        "group_by: [alertname], group_wait: 2s, group_interval: 1s",
        [(0, says("old-joins", {"begins": 0})), (0.5, says("old-joins", {"begins": -60, "i": "2"}))],
        newer=True,
    ),
    Course(
        "over", QUICK, [(0, says("over", {"begins": -60, "ends": -30})), (1.6, says("over", {"i": "2"}))], newer=True
    ),
    Course("ahead", QUICK, [(0, says("ahead", {"begins": 2, "ends": 4}))]),
    Course(
        "at-once",
        "group_by: [alertname], group_wait: 0s, group_interval: 1s",
        [(0, says("at-once", {"i": "1"})), (0.5, says("at-once", {"i": "2"}))],
    ),
    Course(
        "retried",
        QUICK,
        [(0, says("retried", {}))],
        {"": "{url: COLLECTOR/unwell}, {url: COLLECTOR/hook}"},
        jitter=True,
    ),
    Course(
        "refused",
        QUICK,
        [(0, says("refused", {})), (1.6, says("refused", {"i": "2"}))],
        {"": "{url: COLLECTOR/refusing}, {url: COLLECTOR/hook}"},
    ),
    Course(
        "timed",
        f"{QUICK}, routes: [{{matchers: [i=1], mute_time_intervals: [ever]}}, {{matchers: [i=2], mute_time_intervals: "
        "[never]}, {matchers: [i=3], active_time_intervals: [never]}, {matchers: [i=4], active_time_intervals: [ever, "
        "never]}, {matchers: [i=5], active_time_intervals: [ever], mute_time_intervals: [never, ever]}]",
        [(0, says("timed", *({"i": str(i), "alertname": f"T{i}"} for i in range(1, 6))))],
    ),
    Course(
        "mutes-then-ends",
        QUICK,
        [
            (0, says("mutes-then-ends", {"begins": 0})),
            (0.5, silences("mutes-then-ends", 0.5, 2.6)),
            (1.5, says("mutes-then-ends", {"begins": 0, "ends": 1.45})),
        ],
    ),
    Course(
        "names",
        "group_by: ['foo.bar', \u00e4], group_wait: 300ms, group_interval: 1s",
        [(0, says("names", {"foo.bar": "x", "\u00e4": "\u2603", "a b": "c"}))],
        newer=True,
    ),
    Course("empty-labels", QUICK, [(0, says("empty-labels", {"i": "", "zone": "z"}))]),
]
LASTS_SECONDS: Final = 9.6
ANSWERS = {"unwell": (503, 500, 200), "refusing": (400,)}


def config(courses: list[Course]) -> str:
    routes = "\n".join(
        f"  - {{receiver: {each.name}, matchers: ['course=\"{each.name}\"'], {each.route}}}" for each in courses
    )
    receivers = "\n".join(
        f"- {{name: {each.name}{suffix}, webhook_configs: [{integrations}]}}"
        for each in courses
        for suffix, integrations in each.receivers.items()
    )
    return f"""
global: {{resolve_timeout: 2s}}
route:
  receiver: none
  repeat_interval: 1h
  routes:
{routes}
inhibit_rules:
- {{source_matchers: [role=source], target_matchers: [role=target], equal: [zone, course]}}
time_intervals:
- {{name: ever, time_intervals: [{{years: ['2000:2100']}}]}}
- {{name: never, time_intervals: [{{years: ['1999']}}]}}
receivers:
- name: none
{receivers}
"""


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
    left = [each for each in COURSES if NEWER or not each.newer]
    for attempt in range(ATTEMPTS):
        directory = tmp_path / str(attempt)
        directory.mkdir()
        with beside(directory, config(left), ANSWERS) as (pair, collector):
            began = time.time() + 0.7
            perform(pair, left, began)
            arrivals = list(collector.arrivals)
        told = differences(left, arrivals, began)
        assert all(any(heard(arrivals, side, each, began) for side in SIDES) for each in left)
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
