"""The routing tree: who takes which alert, and why the others were passed over."""

from pathlib import Path

import pytest

from hivesight.alerting import read_config
from hivesight.alerting.group import group_key
from hivesight.alerting.route import Outcome, Route, build_route
from hivesight.model.labels import Labels


def tree(text: str) -> Route:
    names = {word.split(":")[1].strip(" ,}]") for word in text.replace(",", "\n").splitlines() if "receiver:" in word}
    receivers = "".join(f"- name: {name}\n" for name in sorted({each.strip() for each in names}))
    file = read_config(Path("am.yml"), f"route:\n{text}\nreceivers:\n{receivers}")
    assert file.config is not None and file.config.route is not None, file.diagnostics
    return build_route(file.config.route)


GUIDE = """
  receiver: default
  group_by: [alertname, cluster, service]
  routes:
  - match: {severity: critical}
    receiver: critical
  - match: {severity: warning}
    receiver: warning
  - match: {alertname: AgentHiveDown}
    receiver: down
"""
CORRECTED = """
  receiver: default
  routes:
  - matchers: [alertname="AgentHiveDown"]
    receiver: down
  - matchers: [severity="critical"]
    receiver: critical
"""
DEEP = """
  receiver: root
  routes:
  - matchers: [team="a"]
    receiver: a
    continue: true
    routes:
    - matchers: [severity="critical"]
      receiver: a-pager
    - matchers: [severity=~"critical|warning"]
      receiver: a-chat
  - matchers: [team=~"a|b", severity!=info]
    receiver: ab
  - matchers: [team="a"]
    receiver: unreached
"""
CASES = [
    (GUIDE, {"alertname": "AgentHiveDown", "severity": "critical"}, ["critical"]),
    (GUIDE, {"alertname": "AgentHiveDown"}, ["down"]),
    (GUIDE, {"alertname": "X", "severity": "info"}, ["default"]),
    (CORRECTED, {"alertname": "AgentHiveDown", "severity": "critical"}, ["down"]),
    (DEEP, {"team": "a", "severity": "critical"}, ["a-pager", "ab"]),
    (DEEP, {"team": "a", "severity": "warning"}, ["a-chat", "ab"]),
    (DEEP, {"team": "a", "severity": "info"}, ["a", "unreached"]),
    (DEEP, {"team": "a"}, ["a", "ab"]),
    (DEEP, {"team": "b"}, ["ab"]),
    (DEEP, {"team": "c"}, ["root"]),
]


@pytest.mark.parametrize(("text", "labels", "expected"), CASES)
def test_receivers(text: str, labels: dict[str, str], expected: list[str]) -> None:
    routes = tree(text).match(Labels(labels))
    assert [route.options.receiver for route in routes] == expected


def test_why_the_guides_order_never_reaches_its_third_route() -> None:
    steps = tree(GUIDE).explain(Labels({"alertname": "AgentHiveDown", "severity": "critical"}))
    assert [(step.route.options.receiver, step.outcome) for step in steps] == [
        ("default", Outcome.CHILD_TOOK),
        ("critical", Outcome.TAKEN),
        ("warning", Outcome.AFTER_MATCH),
        ("down", Outcome.AFTER_MATCH),
    ]
    failed = tree(GUIDE).explain(Labels({"severity": "warning"}))[1]
    assert (failed.outcome, str(failed.failed)) == (Outcome.NO_MATCH, 'severity="critical"')


def test_what_is_not_said_is_the_parents() -> None:
    root = tree("""
  receiver: a
  group_by: [x]
  group_wait: 1s
  repeat_interval: 1h
  routes:
  - group_interval: 7s
    group_by: []
    routes: [{group_by: ['...'], group_wait: 0s, receiver: b}]
""")
    child = root.routes[0]
    leaf = child.routes[0]
    assert (root.options.group_interval_ms, child.options.group_interval_ms) == (300_000, 7_000)
    assert (child.options.receiver, child.options.group_by, child.options.group_wait_ms) == ("a", {"x"}, 1_000)
    assert (leaf.options.receiver, leaf.options.group_by_all, leaf.options.group_wait_ms) == ("b", True, 0)
    assert leaf.options.repeat_interval_ms == 3_600_000


def test_keys_and_ids_are_alertmanagers() -> None:
    root = tree("""
  receiver: a
  routes:
  - matchers: [b="2", 'a=~"1|x"']
    routes: [{match: {severity: critical}, match_re: {c: x|y}, receiver: b}]
""")
    leaf = root.routes[0].routes[0]
    assert (root.key, root.id) == ("{}", "{}")
    assert leaf.key == '{}/{a=~"1|x",b="2"}/{c=~"^(?:x|y)$",severity="critical"}'
    assert leaf.id == '{}/{a=~"1|x",b="2"}/0/{c=~"^(?:x|y)$",severity="critical"}/0'
    labels = Labels({"alertname": 'X "y"', "job": "ü\n"})
    assert group_key(root, labels) == '{}:{alertname="X \\"y\\"", job="ü\\n"}'
    assert [route.index for route in root.walk()] == [0, 1, 2]
