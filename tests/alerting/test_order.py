"""The order in which alerts and groups are listed."""

import itertools

from hivesight.alerting.order import alert_order, label_order
from hivesight.model.alert import Alert
from hivesight.model.labels import Labels

IN_ORDER = [
    {},
    {"b": "1"},
    {"a": "1"},
    {"a": "2"},
    {"b": "1", "c": "1"},
    {"a": "1", "c": "1"},
    {"a": "1", "b": "1"},
    {"a": "1", "aa": "1"},
    {"a": "2", "b": "0"},
    {"a": "0", "b": "0", "c": "0"},
]


def before(one: dict[str, str], other: dict[str, str]) -> bool:
    """prometheus/common, `LabelSet.Before`, as it reads."""
    if len(one) != len(other):
        return len(one) < len(other)
    for name in sorted({*one, *other}):
        if name not in one or name not in other:
            return name not in one
        if one[name] != other[name]:
            return one[name] < other[name]
    return False


def test_label_sets() -> None:
    assert sorted(IN_ORDER, key=lambda each: label_order(Labels(each))) == IN_ORDER
    names, values = ("a", "ab", "b", "\u00e4", "\U0001f41d"), ("", "1", "2")
    sets = [Labels(zip(names, each, strict=True)) for each in itertools.product(values, repeat=len(names))]
    for one, other in itertools.combinations(sets, 2):
        assert (label_order(one) < label_order(other)) == before(dict(one), dict(other))


def test_alerts_go_by_job_and_instance_first() -> None:
    def make(**labels: str) -> Alert:
        return Alert(Labels(labels), 0, 0)

    told = [
        make(alertname="A", job="a", instance="2", z="1"),
        make(alertname="A", job="a", z="0"),
        make(alertname="Z", job="b", instance="1"),
        make(alertname="A", instance="1", z="0"),
        make(alertname="A", z="0"),
    ]
    shuffled = [told[at] for at in (3, 1, 4, 0, 2)]
    assert sorted(shuffled, key=alert_order) == told
