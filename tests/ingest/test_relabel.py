"""Relabelling: rules over label sets, as Prometheus applies them."""

import hashlib

import pytest

from hivesight.ingest.relabel import RelabelConfig, relabelling
from hivesight.schema import load

MODULUS = int.from_bytes(hashlib.md5(b"foo;bar", usedforsecurity=False).digest()[8:]) % 1000

# rules, labels before, labels after (None: dropped)
CASES = [
    ("source_labels: [a]\ntarget_label: d\nregex: f(.*)", {"a": "foo"}, {"a": "foo", "d": "oo"}),
    ("source_labels: [a]\ntarget_label: d\nregex: o", {"a": "foo"}, {"a": "foo"}),
    (
        "source_labels: [a, b]\ntarget_label: d\nreplacement: x$1",
        {"a": "1", "b": "2"},
        {"a": "1", "b": "2", "d": "x1;2"},
    ),
    ("source_labels: [a, b]\nseparator: ''\ntarget_label: d", {"a": "1", "b": "2"}, {"a": "1", "b": "2", "d": "12"}),
    ("target_label: a\nreplacement: ''", {"a": "1", "b": "2"}, {"b": "2"}),
    ("source_labels: [no]\ntarget_label: a", {"a": "1", "b": "2"}, {"b": "2"}),
    ("target_label: env\nreplacement: prod", {"a": "1"}, {"a": "1", "env": "prod"}),
    (
        "source_labels: [a]\nregex: '(\\w+)-(?P<last>\\w+)'\ntarget_label: $1\nreplacement: ${last}_$$_${9}_$1x",
        {"a": "k-v"},
        {"a": "k-v", "k": "v_$__"},
    ),
    (
        "source_labels: [a]\nregex: '(x)?(.*)'\ntarget_label: b\nreplacement: '[$1]$2'",
        {"a": "y"},
        {"a": "y", "b": "[]y"},
    ),
    ("source_labels: [a]\nregex: 'a.b'\ntarget_label: hit\nreplacement: y", {"a": "a\nb"}, {"a": "a\nb", "hit": "y"}),
    ("action: keep\nsource_labels: [a]\nregex: fo+", {"a": "foo"}, {"a": "foo"}),
    ("action: keep\nsource_labels: [a]\nregex: fo", {"a": "foo"}, None),
    ("action: drop\nsource_labels: [a]\nregex: .*o.*", {"a": "foo"}, None),
    ("action: drop\nsource_labels: [a]\nregex: f", {"a": "foo"}, {"a": "foo"}),
    ("action: Drop\nsource_labels: [a]\nregex: ''", {"b": "1"}, None),
    (
        "action: hashmod\nsource_labels: [a, b]\ntarget_label: d\nmodulus: 1000",
        {"a": "foo", "b": "bar"},
        {"a": "foo", "b": "bar", "d": str(MODULUS)},
    ),
    ("action: labelmap\nregex: __meta_(.+)", {"__meta_x": "1", "y": "2"}, {"__meta_x": "1", "x": "1", "y": "2"}),
    ("action: labelmap\nregex: (a)(.*)\nreplacement: ${2}_$1", {"ab": "1"}, {"ab": "1", "b_a": "1"}),
    ("action: labeldrop\nregex: a.*", {"ab": "1", "b": "2"}, {"b": "2"}),
    ("action: labelkeep\nregex: a.*", {"ab": "1", "b": "2"}, {"ab": "1"}),
    ("action: labeldrop\nregex: .*", {"ab": "1"}, None),
    ("action: lowercase\nsource_labels: [a]\ntarget_label: a", {"a": "FoO"}, {"a": "foo"}),
    ("action: uppercase\nsource_labels: [a]\ntarget_label: b", {"a": "FoO"}, {"a": "FoO", "b": "FOO"}),
    ("action: keepequal\nsource_labels: [a]\ntarget_label: b", {"a": "1", "b": "1"}, {"a": "1", "b": "1"}),
    ("action: keepequal\nsource_labels: [a]\ntarget_label: b", {"a": "1", "b": "2"}, None),
    ("action: dropequal\nsource_labels: [a]\ntarget_label: b", {"a": "1", "b": "1"}, None),
    ("action: dropequal\nsource_labels: [a]\ntarget_label: b", {"a": "1", "b": "2"}, {"a": "1", "b": "2"}),
]


@pytest.mark.parametrize(("rule", "before", "after"), CASES)
def test_rules(rule: str, before: dict[str, str], after: dict[str, str] | None) -> None:
    config = load(rule, "f.yml", RelabelConfig)
    assert config.value is not None, config.diagnostics
    assert relabelling([config.value]).apply(before) == after


def test_rules_are_applied_in_order() -> None:
    rules = [
        RelabelConfig(source_labels=("a",), target_label="b"),
        RelabelConfig(source_labels=("b",), target_label="c"),
        RelabelConfig(action="labeldrop", regex="a|b"),
    ]
    assert relabelling(rules).apply({"a": "1"}) == {"c": "1"}


FAULTS = [
    ("action: relabel", "unknown relabel action"),
    ("regex: '('\ntarget_label: a", "bad regular expression"),
    ("action: hashmod\ntarget_label: a", "non-zero modulus"),
    ("action: hashmod\ntarget_label: a\nmodulus: -1", "expected a whole number"),
    ("source_labels: [a]", "requires 'target_label'"),
    ("action: lowercase\nsource_labels: [a]", "requires 'target_label'"),
    ("action: uppercase\ntarget_label: a\nreplacement: x", "'replacement' can not be set"),
    ("action: keepequal\ntarget_label: a\nregex: x", "requires only 'source_labels' and 'target_label'"),
    ("action: dropequal\ntarget_label: a\nseparator: x", "requires only 'source_labels' and 'target_label'"),
    ("action: labeldrop\nregex: a\nsource_labels: [b]", "requires only 'regex'"),
    ("action: labelkeep\nregex: a\nreplacement: b", "requires only 'regex'"),
    ("action: labelmap\nreplacement: ''", "cannot be empty"),
    ("sourcelabels: [a]", "did you mean 'source_labels'?"),
]


@pytest.mark.parametrize(("rule", "message"), FAULTS)
def test_faults(rule: str, message: str) -> None:
    loaded = load(rule, "f.yml", RelabelConfig)
    assert loaded.value is None
    assert message in loaded.diagnostics[0].message
