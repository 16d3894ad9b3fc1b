"""Courses of alerts for two Alertmanagers at once: what happens when, each on a route of its own, and the file with
all the routes."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2

from e2e.alertmanagers import Pair, rfc3339

Act = Callable[[Pair, float], None]
"""What is done to both; the moment at which the courses began."""
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


def random_courses(seed: int, count: int) -> list[Course]:
    """Courses in which alerts begin, end and begin again and silences come and go, as chance will have it."""
    chance = random.Random(seed)
    return [_random_course(f"random-{number}", chance) for number in range(count)]


def _random_course(name: str, chance: random.Random) -> Course:
    group_by = chance.choice(["[alertname]", "[alertname, i]", "['...']", "[]", "[role]"])
    waits = (
        f"group_wait: {chance.choice(['0s', '300ms', '800ms', '2s'])}, group_interval: {chance.choice(['1s', '2s'])}"
    )
    repeat = f"repeat_interval: {chance.choice(['1h', '1500ms', '2500ms'])}"
    acts: list[tuple[float, Act]] = []
    firing: dict[tuple[str, str, str], float] = {}
    at = 0.0
    while at < LASTS_SECONDS - 1.5:
        what = chance.random()
        if what < 0.5:
            role = chance.choice(["source", "target", "neither"])
            # Of several sources for the same targets Alertmanager may know only one.
            i = "1" if role == "source" else chance.choice("123")
            key = (i, role, chance.choice("ab"))
            firing.setdefault(key, at - chance.choice([0, 0, 0, 5]))
            lasts = chance.choice([1.13, 2.37, HOUR, HOUR, HOUR])
            acts.append((at, says(name, _alert(key, firing[key], at + lasts))))
        elif what < 0.8 and firing:
            key = chance.choice(sorted(firing))
            acts.append((at, says(name, _alert(key, firing.pop(key), at - 0.05))))
        elif what < 0.92:
            labels = chance.choice([{"i": "1"}, {"role": "target"}, {"i": "2", "zone": "a"}])
            acts.append((at, silences(name, at, at + chance.choice([1.23, 2.61]), **labels)))
        else:
            acts.append((at, expires(name)))
        at += chance.choice([0.23, 0.53, 0.93, 1.57])
    integrations = chance.choice(["{url: COLLECTOR/hook}", "{url: COLLECTOR/firing, send_resolved: false}"])
    return Course(name, f"group_by: {group_by}, {waits}, {repeat}", acts, {"": integrations}, newer=True)


def _alert(key: tuple[str, str, str], begins: float, ends: float) -> dict[str, Any]:
    i, role, zone = key
    return {"i": i, "role": role, "zone": zone, "begins": begins, "ends": ends}
