"""Rule files: what is wrong with them and where."""
# ruff: noqa: E501 (one case a line)

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hivesight.model.diagnostics import Severity
from hivesight.rules import read_rule_file, read_rules

GOOD = """
groups:
  - name: a
    interval: 30s
    query_offset: 5s
    limit: 10
    labels: {team: x}
    rules:
      - record: job:x:sum
        expr: sum by (job) (x)
        labels: {kind: 'total', gone: ''}
      - alert: Down
        expr: |
          up == 0
            or absent(up)
        for: 1m30s
        keep_firing_for: 2m
        labels: {severity: '{{ if gt $value 1.0 }}page{{ end }}'}
        annotations:
          summary: '{{ $labels.instance }} of {{ $externalLabels.cluster }} at {{ $externalURL }}: {{ $value | humanize }}'
  - name: b
"""


def test_good_file() -> None:
    source = read_rules(GOOD, "r.yml")
    assert source.diagnostics == ()
    assert source.file is not None
    first, second = source.file.groups
    assert (first.name, first.interval_ms, first.query_offset_ms, first.limit) == ("a", 30_000, 5_000, 10)
    assert (second.interval_ms, second.query_offset_ms, second.limit, second.rules) == (0, None, 0, ())
    record, alert = first.rules
    assert (record.record, record.labels) == ("job:x:sum", {"kind": "total", "gone": ""})
    assert (alert.alert, alert.for_ms, alert.keep_firing_for_ms) == ("Down", 90_000, 120_000)


def test_shipped_rules_are_good() -> None:
    folder = Path(__file__).parents[2] / "server/src/hivesight/pack/files/prometheus/rules"
    files = sorted(folder.glob("*.yml"))
    assert files
    for path in files:
        assert read_rule_file(path).diagnostics == ()


def rules_of(text: str) -> str:
    return "groups:\n- name: g\n  rules:\n" + text


# A file, and for each fault: line, column, code, part of the message.
BAD = [
    (rules_of("  - alert: A\n    expr: sum(up\n"), [(5, 17, "promql/syntax", "")]),
    (rules_of("  - alert: A\n    expr: up ==== 1\n"), [(5, 16, "promql/syntax", "unexpected")]),
    (rules_of("  - alert: A\n    expr: |\n      up\n        + foo(\n"), [(7, 11, "promql/syntax", "")]),
    (rules_of("  - alert: A\n    expr: 'rate(x)'\n"), [(5, 17, "promql/syntax", "range vector")]),
    (rules_of("  - alert: A\n"), [(4, 5, "rules/no-expr", "expr")]),
    (rules_of("  - alert: A\n    record: b\n    expr: up\n"), [(4, 5, "rules/record-and-alert", "not both")]),
    (rules_of("  - expr: up\n"), [(4, 5, "rules/no-name", "one of")]),
    (rules_of("  - record: a\n    expr: up\n    for: 1m\n"), [(6, 5, "rules/recording-field", "'for'")]),
    (rules_of("  - record: a\n    expr: up\n    annotations: {a: b}\n"), [(6, 5, "rules/recording-field", "annotations")]),
    (rules_of("  - record: a\n    expr: up\n    keep_firing_for: 1s\n"), [(6, 5, "rules/recording-field", "keep_firing")]),
    (rules_of("  - record: 'a{b=\"c\"}'\n    expr: up\n"), [(4, 13, "rules/metric-name", "labels")]),
    (rules_of("  - alert: A\n    expr: up\n    labels: {__name__: b}\n"), [(6, 14, "rules/label-name", "__name__")]),
    (rules_of("  - alert: A\n    expr: up\n    annotations:\n      '': b\n"), [(7, 7, "rules/label-name", "annotation")]),
    (rules_of("  - alert: A\n    expr: up\n    annotations:\n      a: '{{ nope }}'\n"), [(7, 14, "template/syntax", "nope")]),
    (rules_of("  - alert: A\n    expr: up\n    labels:\n      a: \"{{ $x }}\"\n"), [(7, 14, "template/syntax", "$x")]),
    (
        rules_of("  - alert: A\n    expr: up\n    annotations:\n      a: |\n        one\n        two {{ if }}\n"),
        [(9, 19, "template/syntax", "missing value")],
    ),
    (rules_of("  - alert: A\n    expr: up\n    fro: 1m\n"), [(6, 5, "config/unknown-key", "")]),
    (rules_of("  - alert: A\n    expr: up\n    for: soon\n"), [(6, 10, "config/value", "duration")]),
    ("groups:\n- name: g\n  limit: -1\n", [(3, 10, "config/value", "whole number")]),
    ("groups:\n- name: g\n- name: g\n", [(3, 9, "rules/duplicate-group", "repeated")]),
    ("groups:\n- name: ''\n", [(2, 9, "rules/group-name", "name")]),
    ("groups:\n- rules: []\n", [(2, 3, "config/missing-key", "name")]),
    ("groups:\n- name: g\n  labels: {__name__: b}\n", [(3, 12, "rules/label-name", "__name__")]),
    ("groups: [\n", [(2, 1, "yaml/syntax", "")]),
    (
        rules_of("  - alert: A\n    expr: up ++\n  - alert: B\n    record: c\n    for: 1s\n"),
        [(5, 0, "promql/syntax", ""), (6, 5, "rules/record-and-alert", ""), (6, 5, "rules/no-expr", "")],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "faults"), BAD)
def test_bad_file(text: str, faults: list[tuple[int, int, str, str]]) -> None:
    source = read_rules(text, "r.yml")
    assert source.file is None
    found = [(each.line, each.col, each.code) for each in source.diagnostics]
    wanted = [(line, col or found[index][1], code) for index, (line, col, code, _) in enumerate(faults)]
    assert found == wanted, [each.render(text) for each in source.diagnostics]
    for diagnostic, (_, _, _, part) in zip(source.diagnostics, faults, strict=True):
        assert part in diagnostic.message


def test_duplicate_rules_are_a_warning() -> None:
    text = rules_of(
        "  - record: a\n    expr: up\n  - record: a\n    expr: up\n  - {alert: B, expr: up}\n  - {alert: B, expr: x}\n"
    )
    source = read_rules(text, "r.yml")
    assert source.file is not None
    (warning,) = source.diagnostics
    assert (warning.line, warning.col, warning.severity) == (6, 13, Severity.WARNING)
    (advice,) = read_rules(text.replace("    expr: up\n  - {a", "    expr: down\n  - {a", 1), "r.yml").diagnostics
    assert (advice.line, advice.severity, advice.code) == (6, Severity.INFO, "rules/recorded-twice")


PIECES = st.sampled_from(
    ["groups:\n", "- name: g\n", "  rules:\n", "  - alert: A\n", "    expr: up\n", "    record: r\n", "    for: 1m\n",
     "    labels:\n", "      a: '{{ $x }}'\n", "      b: |\n        {{\n", "    annotations: {a: '{{ if }}'}\n", "  limit: x\n",
     "    expr: |\n      sum(\n", "    expr: >-\n      a +\n      (\n", "\t", "- ", "x", "'", "\n", "é: [\n", "    expr: \"a\\nb c\"\n"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=15).map("".join) | st.text(max_size=100))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_diagnostics_with_places(text: str) -> None:
    source = read_rules(text, "r.yml")
    assert (source.file is None) == any(each.severity is Severity.ERROR for each in source.diagnostics)
    for diagnostic in source.diagnostics:
        assert diagnostic.line >= 1
        assert diagnostic.col >= 1
        diagnostic.render(text)
