"""Rule files as a whole: places of findings, waiting, texts, intervals, comments that disable."""

from pathlib import Path

import pytest

from hivesight.doctor import check_paths
from hivesight.doctor.finding import Finding

RULES = """groups:
  - name: a
    interval: 1m
    rules:
      - alert: Slow
        expr: |
          # how slow
          histogram_quantile(0.9,
            sum by (job) (rate(a_bucket[5m]))) > 1
        for: 30s
        labels:
          severity: warning
        annotations:
          summary: '{{ $labels.job }} on {{ $labels.instance }}'
      - alert: Jumpy
        expr: 'irate(a_total[5m]) > 1'
      - alert: Best
        expr: topk(1, b)
"""

OF_MESSAGES = frozenset(("rules/no-summary", "rules/no-runbook", "rules/silent-when-missing"))
"""Tried in test_rules_together."""

PROMETHEUS = """global: {scrape_interval: 15s}
scrape_configs:
  - {job_name: quick, scrape_interval: 5s}
  - {job_name: slow, scrape_interval: 2m}
"""


@pytest.fixture
def examine(tmp_path: Path):
    def run(text: str, **others: str) -> list[Finding]:
        (tmp_path / "rules.yml").write_text(text)
        for name, content in others.items():
            (tmp_path / f"{name}.yml").write_text(content)
        return [each for each in check_paths([tmp_path]).findings if each.code not in OF_MESSAGES]

    return run


def placed(findings: list[Finding]) -> dict[str, tuple[int, int, int]]:
    return {each.code: (each.diagnostic.line, each.diagnostic.col, each.diagnostic.length) for each in findings}


def test_places(examine) -> None:
    assert placed(examine(RULES)) == {
        "promql/quantile-without-buckets": (8, 11, 60),
        "rules/short-for": (10, 14, 3),
        "rules/dropped-label": (14, 45, 16),
        "rules/irate-in-alert": (16, 16, 18),
        "rules/choice-in-alert": (18, 15, 10),
    }


def rule(expr: str, text: str) -> str:
    return f"groups: [{{name: a, rules: [{{alert: A, expr: '{expr}', annotations: {{s: '{text}'}}}}]}}]"


@pytest.mark.parametrize(
    ("expr", "text", "fires"),
    (
        ("sum(x) > 1", "{{ $labels.job }}", True),
        ("sum(x) > 1", "{{ .Labels.job }}", True),
        ("sum(x) > 1", "with range: {{ $labels.job | toUpper }}", True),
        ("sum by (job) (x) > 1", "{{ $labels.job }}", False),
        ("x > 1", "{{ $labels.job }}", False),
        ("sum(x) > 1", "{{ if $labels.job }}of {{ $labels.job }}{{ end }}", False),
        ("sum(x) > 1", "{{ with $labels.job }}of {{ . }}{{ end }}", False),
        ("sum(x) > 1", '{{ range query "x" }}{{ .Labels.job }}{{ end }}', False),
        ("sum(x) > 1", "$labels.job", False),
        ('absent(x{job="a"})', "{{ $labels.job }}", False),
        ('absent(x{job="a"})', "{{ $labels.instance }}", True),
        ("sum by (job) (a)", '{{ index $labels "pod" }}', True),
        ("sum by (job) (a)", '{{ index $labels "job" }}', False),
    ),
)
def test_labels_that_texts_ask_for(examine, expr: str, text: str, fires: bool) -> None:
    assert ("rules/dropped-label" in placed(examine(rule(expr, text)))) is fires


@pytest.mark.parametrize(
    ("selector", "fires"),
    (
        ('a_total{job="slow"}[3m]', True),
        ('a_total{job="quick"}[3m]', False),
        ("a_total[3m]", False),
        ("a_total[5s]", True),
    ),
)
def test_ranges_by_the_job_that_is_scraped(examine, selector: str, fires: bool) -> None:
    found = placed(examine(rule(f"rate({selector}) > 1", ""), prometheus=PROMETHEUS))
    assert ("promql/short-range" in found) is fires


def test_the_evaluation_interval_of_prometheus_counts_where_the_group_has_none(examine) -> None:
    text = RULES.replace("    interval: 1m\n", "")
    assert "rules/short-for" not in placed(examine(text))
    assert "rules/short-for" in placed(
        examine(text, prometheus="global: {evaluation_interval: 2m}\nscrape_configs: []")
    )


def test_an_object_of_the_operator(examine) -> None:
    text = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n  " + RULES.replace("\n", "\n  ")
    assert placed(examine(text))["rules/short-for"] == (13, 16, 3)


def test_faults_of_the_file_itself(examine) -> None:
    assert {each.code for each in examine("groups: [{name: a, rules: [{alert: A, expr: 'sum('}]}]")} == {
        "promql/syntax"
    }
    assert {each.code for each in examine("groups: [{nam: a}]")} >= {"config/unknown-key"}


def test_an_expression_too_deep_is_said_to_be(examine) -> None:
    deep = " or ".join(["count(x) == 0"] * 300)
    assert placed(examine(rule(deep, ""))).keys() == {"rules/too-deep"}


COMMENTED = """groups:
  - name: a
    rules:
      # hivesight: ignore promql/constant-comparison because it is switched off
      - alert: A
        expr: count(x) == 0
      - alert: B
        expr: count(x) == 0 # hivesight: ignore promql/constant-comparison because so is this
      - alert: C
        expr: count(x) == 0
      # hivesight: ignore promql/constant-comparison
      # hivesight: ignore promql/nonsense because of nothing
"""


def test_comments_disable_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "rules.yml"
    path.write_text(COMMENTED)
    examination = check_paths([path])
    told = [each for each in examination.findings if each.code not in OF_MESSAGES]
    assert [(each.code, each.diagnostic.line) for each in told] == [
        ("promql/constant-comparison", 10),
        ("doctor/comment", 11),
        ("doctor/comment", 12),
    ]
    assert [each.diagnostic.line for each in examination.suppressed] == [6, 8]


@pytest.mark.parametrize(
    "text",
    ("# hivesight: ignore " + " " * 200_000 + "x", "{{" * 200_000, "# hivesight:" * 100_000, "a:" * 200_000),
    ids=("blanks", "braces", "comments", "colons"),
)
def test_long_texts_are_read_once(examine, text: str) -> None:
    examine(f"groups: [{{name: a, rules: [{{alert: A, expr: x, annotations: {{s: '{text}'}}}}]}}]\n{text}")


def test_what_a_rule_has_worked_out_is_no_counter(examine) -> None:
    speed = "{record: speed, expr: 'sum(rate(a_total[5m]))'}"
    highest = "{record: highest, expr: 'max without (replica) (a_total) and on () (sum(b) > 1)'}"
    asked = "{record: 'a:speed', expr: 'rate(speed[5m])'}, {record: 'a:highest', expr: 'rate(highest[5m])'}"
    text = f"groups: [{{name: a, rules: [{speed}, {highest}, {asked}]}}]"
    found = examine(text)
    assert [(each.code, each.diagnostic.col) for each in found] == [
        ("promql/rate-of-rate", text.index("rate(speed") + 1)
    ]
