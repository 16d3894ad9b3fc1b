"""Whole files of tests: what passes, what fails and what is said of it, and that promtool judges alike."""
# ruff: noqa: E501, UP031 (one case a line, and braces are YAML's)

import shutil
import subprocess
import textwrap
from pathlib import Path

import pytest

from hivesight.rule_tests import FileResult, run_file, text_lines

RULES = """
groups:
- name: first
  interval: 5m
  labels: {team: hive}
  rules:
  - {record: 'job:x:sum', expr: 'sum by (job) (x)', labels: {kind: total}}
  - alert: High
    expr: job:x:sum > 10
    for: 2m
    keep_firing_for: 1m
    labels: {severity: '{{ if gt $value 5.0 }}page{{ else }}warn{{ end }}'}
    annotations:
      summary: '{{ $labels.job }} has {{ $value }} in {{ $externalLabels.cluster }} at {{ $externalURL }}'
- name: second
  rules:
  - {alert: Loud, expr: 'ALERTS{alertname="High", alertstate="firing"} == 1', labels: {alertstate: ''}}
  - {record: 'y', expr: 'max_over_time(x[5m:])'}
"""
RULES_238 = RULES.replace("  labels: {team: hive}\n", "").replace("    keep_firing_for: 1m\n", "")
"""What promtool 2.42 reads: groups had no labels before Prometheus 3."""

HEAD = "rule_files: [rules.yml]\nevaluation_interval: 1m\n"


def case(text: str, **keys: str) -> str:
    """A file with one test, `text` its content."""
    more = "".join(f"{name}: {value}\n" for name, value in keys.items())
    if "interval: " not in text:
        text = "interval: 1m\n" + text  # promtool 2.42 has no default, though its documentation says so
    return HEAD + more + "tests:\n- name: t\n" + textwrap.indent(textwrap.dedent(text).strip("\n"), "  ") + "\n"


X = "input_series: [{series: 'x{job=\"a\", i=\"1\"}', values: '0 6+6x8'}, {series: 'x{job=\"a\", i=\"2\"}', values: '1x9'}]\n"
HIGH = "{severity: %s, job: a, kind: total}"
SUMMARY = "exp_annotations: {summary: 'a has %s in c1 at http://h'}"
AROUND = "external_labels: {cluster: c1}\nexternal_url: http://h\n"


def high(at: str, alerts: str) -> str:
    return X + AROUND + f"alert_rule_test: [{{eval_time: {at}, alertname: High, exp_alerts: [{alerts}]}}]"


def asks(expr: str, at: str, samples: str, values: str = "") -> str:
    series = f"input_series: [{{series: z, values: '{values}'}}]\n" if values else X
    return series + f"promql_expr_test: [{{expr: '{expr}', eval_time: {at}, exp_samples: [{samples}]}}]"


# What a test says and whether it passes; promtool says the same of every one.
CASES = [
    (high("1m", ""), True),
    (high("3m", ""), True),
    (high("4m", "{exp_labels: %s, %s}" % (HIGH % "page", SUMMARY % 25)), True),
    (high("4m59s", "{exp_labels: %s, %s}" % (HIGH % "page", SUMMARY % 25)), True),
    (high("5m", "{exp_labels: %s, %s}" % (HIGH % "page", SUMMARY % 25)), False),
    (high("4m", "{exp_labels: %s, %s}" % (HIGH % "warn", SUMMARY % 25)), False),
    (high("4m", ""), False),
    (high("1m", "{exp_labels: %s, %s}" % (HIGH % "page", SUMMARY % 7)), False),
    (X + "alert_rule_test: [{eval_time: 4m, alertname: Nothing}]", True),
    (X + "alert_rule_test: [{eval_time: 5m, alertname: Loud, exp_alerts: [{exp_labels: %s}]}]" % (HIGH % "page"), True),
    (X + "alert_rule_test: [{eval_time: 4m, alertname: High, exp_alerts: [{exp_labels: %s}, {exp_labels: {job: b}}]}]" % (HIGH % "page"), False),
    (asks("job:x:sum", "3m", "{labels: \"job:x:sum{job='a', kind='total'}\", value: 19}"), True),
    (asks("job:x:sum", "3m", "{labels: \"job:x:sum{job='a'}\", value: 19}"), False),
    (asks("count(x)", "3m", "{labels: '{}', value: 2}"), True),
    (asks("count(x)", "3m", "{value: 2}"), True),
    (asks("count(x)", "3m", "{value: 3}"), False),
    (asks("count(x)", "3m", ""), False),
    (asks("nothing", "3m", ""), True),
    (asks("1 + 1", "3m", "{value: 2}"), True),
    (asks("time()", "3m30s", "{value: 210}"), True),
    (asks("x[5m]", "3m", ""), False),
    (asks("a * on (i) x", "3m", ""), True),
    (asks("x + on (job) x", "3m", ""), False),
    (asks("z", "2m", "{labels: z, value: 3}", "1 2 3 4"), True),
    (asks("z", "2m30s", "{labels: z, value: 3}", "1 2 3 4"), True),
    (asks("z", "7m", "{labels: z, value: 4}", "1 2 3 4"), True),
    (asks("z", "9m", "", "1 2 3 4"), True),
    (asks("z", "2m", "", "1 2 stale"), True),
    (asks("z", "2m", "{labels: z, value: 2}", "1 2 _x8"), True),
    (asks("z", "1m", "{labels: z, value: .inf}", "1 Inf"), True),
    (asks("z", "1m", "{labels: z, value: 1e3}", "1 1000"), True),
    (asks("z offset -1m", "1m", "", "1 2 3"), False),
    (asks("count_over_time(z[5m:])", "4m", "{value: 5}", "1x9"), True),
    (asks("sum_over_time(z[5m:30s])", "4m", "{value: 9}", "1x9"), True),
    ("interval: 10s\n" + asks("z", "2m", "{labels: z, value: 12}", "0+1x99"), True),
    ("interval: 5m\n" + asks("z", "2m", "{labels: z, value: 0}", "0+1x99"), True),
    ("input_series: [{series: z, values: '1x9'}, {series: z, values: '2x9'}]\npromql_expr_test: [{expr: z, eval_time: 1m, exp_samples: [{labels: z, value: 2}]}]", True),
    ("input_series: [{series: '{__name__=\"z\"}', values: '0.1+0.1x99'}]\npromql_expr_test: [{expr: z, eval_time: 9m, exp_samples: [{labels: z, value: 0.9999999999999999}]}]", True),
    ("input_series: [{series: 'x{job=\"a\"}', values: '1x5'}]\nalert_rule_test: [{eval_time: 30s, alertname: High}]", True),
]  # fmt: skip


def written(tmp_path: Path, text: str, rules: str = RULES_238) -> Path:
    (tmp_path / "rules.yml").write_text(rules)
    path = tmp_path / "case.test.yml"
    path.write_text(text)
    return path


def passes(result: FileResult) -> bool:
    return not result.fault and not result.failed


@pytest.mark.parametrize(("text", "good"), CASES)
def test_verdict(tmp_path: Path, text: str, good: bool) -> None:
    result = run_file(written(tmp_path, case(text)))
    assert not result.fault
    assert passes(result) == good, "\n".join(text_lines(result))


def test_promtool_judges_alike(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("needs promtool: apt-get install prometheus")
    wrong: list[str] = []
    for index, (text, good) in enumerate(CASES):
        directory = tmp_path / str(index)
        directory.mkdir()
        path = written(directory, case(text))
        done = subprocess.run(
            [promtool, "test", "rules", path], capture_output=True, text=True, timeout=60, check=False
        )
        if (done.returncode == 0) != good:
            wrong.append(text + done.stdout + done.stderr)
    assert not wrong, "\n".join(wrong)


def of(tmp_path: Path, text: str, rules: str = RULES) -> list[str]:
    """What is said of a test, without the folder."""
    result = run_file(written(tmp_path, text, rules))
    return [line.replace(f"{tmp_path}/", "") for line in text_lines(result)]


def test_group_labels_and_keep_firing_for(tmp_path: Path) -> None:
    series = "input_series: [{series: 'x{job=\"a\"}', values: '30x4 0x9'}]\n"
    labels = "{severity: page, job: a, kind: total, team: hive}"
    summary = "exp_annotations: {summary: 'a has 30 in  at '}"
    tests = "".join(
        f"- {{eval_time: {at}, alertname: High, exp_alerts: [{each}]}}\n"
        for at, each in (
            ("4m", f"{{exp_labels: {labels}, {summary}}}"),
            ("5m", f"{{exp_labels: {labels}, {summary}}}"),
            ("6m", ""),
        )
    )
    assert of(tmp_path, case(series + "alert_rule_test:\n" + tests)) == ["case.test.yml: 1 test passed"]


def test_expected_and_got_stand_beside_each_other(tmp_path: Path) -> None:
    text = high(
        "4m",
        "{exp_labels: {severity: warn, job: a, kind: total, team: hive}, exp_annotations: {runbook: r}}, {exp_labels: {job: b}}",
    )
    assert of(tmp_path, case(text)) == [
        "case.test.yml:9: test 't': alert High at 4m",
        '  alert {job="a", kind="total", severity="page", team="hive"}, label severity',
        "    expected  'warn'",
        "    got       'page'",
        '  alert {job="a", kind="total", severity="page", team="hive"}, annotation runbook',
        "    expected  'r'",
        "    got       none",
        '  alert {job="a", kind="total", severity="page", team="hive"}, annotation summary',
        "    expected  none",
        "    got       'a has 25 in c1 at http://h'",
        '  alert {job="b"}',
        "    expected  firing",
        "    got       none",
        "",
        "case.test.yml: 1 of 1 test failed",
    ]


def test_an_alert_that_waits_is_named(tmp_path: Path) -> None:
    text = high("3m", "{exp_labels: {severity: page, job: a, kind: total, team: hive}}")
    assert of(tmp_path, case(text))[1:4] == [
        '  alert {job="a", kind="total", severity="page", team="hive"}',
        "    expected  firing",
        "    got       pending for 1m of 2m",
    ]


def test_samples_that_differ(tmp_path: Path) -> None:
    text = asks("x", "2m", '{labels: \'x{job="a", i="1"}\', value: 13}, {labels: \'x{job="b"}\', value: 1}')
    assert of(tmp_path, case(text)) == [
        "case.test.yml:7: test 't': expr 'x' at 2m",
        '  x{i="1", job="a"}',
        "    expected  13",
        "    got       12",
        '  x{i="2", job="a"}',
        "    expected  none",
        "    got       1",
        '  x{job="b"}',
        "    expected  1",
        "    got       none",
        "",
        "case.test.yml: 1 of 1 test failed",
    ]


HISTOGRAMS = [
    ("z", "1m", "{{schema:1 count:3 sum:3 buckets:[1 2]}}", True),
    ("z", "1m", "{{schema:1 count:3 sum:3 buckets:[2 1]}}", False),
    ("z", "1m", "{{schema:1 count:3 sum:3 counter_reset_hint:gauge buckets:[1 2]}}", False),
    ("z", "1m", "{{schema:1 count:3 sum:3 counter_reset_hint:not_reset buckets:[1 2]}}", True),
    ("z * 2", "1m", "{{schema:1 count:6 sum:6 buckets:[2 4]}}", True),
    ("sum(z)", "1m", "{{schema:1 count:3 sum:3 buckets:[1 2]}}", True),
]


@pytest.mark.parametrize(("expr", "at", "histogram", "good"), HISTOGRAMS)
def test_histograms(tmp_path: Path, expr: str, at: str, histogram: str, good: bool) -> None:
    labels = "z" if expr == "z" else "{}"
    text = asks(
        expr, at, f"{{labels: '{labels}', histogram: '{histogram}'}}", "{{schema:1 count:3 sum:3 buckets:[1 2]}}x9"
    )
    said = of(tmp_path, case(text))
    assert (said == ["case.test.yml: 1 test passed"]) == good, said
    if not good:
        assert said[2] == f"    expected  {histogram}"


def test_histogram_quantile_of_a_rate(tmp_path: Path) -> None:
    values = "{{schema:0 count:2 sum:3 buckets:[1 1]}}+{{schema:0 count:2 sum:3 buckets:[1 1]}}x20"
    text = asks("histogram_count(rate(z[5m])) * 60", "10m", "{value: 2}", values)
    assert of(tmp_path, case(text)) == ["case.test.yml: 1 test passed"]


@pytest.mark.parametrize("start", ["1577836800", "'2020-01-01T00:00:00Z'"])
def test_start_timestamp(tmp_path: Path, start: str) -> None:
    text = f"start_timestamp: {start}\n" + X + AROUND
    text += "promql_expr_test: [{expr: year(), eval_time: 4m, exp_samples: [{value: 2020}]}, {expr: time(), eval_time: 4m, exp_samples: [{value: 1577837040}]}]\n"
    text += (
        "alert_rule_test: [{eval_time: 4m, alertname: High, exp_alerts: [{exp_labels: {severity: page, job: a, kind: total, team: hive}, %s}]}]"
        % (SUMMARY % 25)
    )
    assert of(tmp_path, case(text)) == ["case.test.yml: 1 test passed"]


def test_fuzzy_compare(tmp_path: Path) -> None:
    text = asks("z", "2m", "{labels: z, value: 0.3}", "0.1+0.1x9")
    assert of(tmp_path, case(text))[-1] == "case.test.yml: 1 of 1 test failed"
    assert of(tmp_path, case(text, fuzzy_compare="true")) == ["case.test.yml: 1 test passed"]


def test_order_of_groups(tmp_path: Path) -> None:
    rules = """
groups:
- {name: late, rules: [{record: b, expr: a}]}
- {name: early, rules: [{record: a, expr: z}]}
"""
    text = asks("b", "0", "{labels: b, value: 1}", "1x9")
    assert of(tmp_path, case(text), rules)[-1] == "case.test.yml: 1 of 1 test failed"
    assert of(tmp_path, case(text, group_eval_order="[early, late]"), rules) == ["case.test.yml: 1 test passed"]


def test_a_rule_that_fails_ends_the_test(tmp_path: Path) -> None:
    rules = "groups: [{name: g, rules: [{record: b, expr: 'x + on (job) x'}]}]"
    said = of(tmp_path, case(high("4m", "")), rules)
    assert said[0] == "case.test.yml:1: test 't': rule b of rules.yml at 0s"
    assert "many-to-many" in said[1] or "duplicate series" in said[1]


# A file; line, column and a part of what is said.
FAULTS = [
    (HEAD + "tests: [{input_series: [{series: 'x{', values: '1'}]}]\n", "3:37", "promql/syntax"),
    (HEAD + "tests: [{input_series: [{series: 'x{a=~\"b\"}', values: '1'}]}]\n", "3:35", 'written with "="'),
    (HEAD + "tests: [{input_series: [{series: 'x offset 5m', values: '1'}]}]\n", "3:35", "expected a series"),
    (HEAD + "tests: [{input_series: [{series: x, values: '1 1x'}]}]\n", "3:48", "tests/notation"),
    (HEAD + "tests: [{input_series: [{series: x, values: 1x1000000000}]}]\n", "3:47", "5,000,000"),
    (HEAD + "tests: [{input_series: [{series: x, values: 1x3000000}, {series: y, values: 1x3000000}]}]\n", "3:9", "tests/too-large"),
    (HEAD + "tests: [{alert_rule_test: [{eval_time: 1m}]}]\n", "3:28", "alertname"),
    (HEAD + "tests: [{alert_rule_test: [{eval_time: 100y, alertname: A}]}]\n", "3:9", "tests/too-long"),
    (HEAD + "tests: [{promql_expr_test: [{eval_time: 1m, expr: 'sum('}]}]\n", "3:56", "promql/syntax"),
    (HEAD + "tests: [{promql_expr_test: [{expr: x, exp_samples: [{labels: x, histogram: 1}]}]}]\n", "3:76", "tests/no-histogram"),
    (HEAD + "tests: [{promql_expr_test: [{expr: x, exp_samples: [{labels: x, value: much}]}]}]\n", "3:72", "expected a number"),
    (HEAD + "group_eval_order: [a, a]\n", "3:23", "stands here twice"),
    (HEAD + "tests: [{start_timestamp: soon}]\n", "3:27", "no time"),
    (HEAD + "tests: [{nothing: 1}]\n", "3:10", "unknown key"),
    ("rule_files: [bad.yml]\n", "5:17", "promql/syntax"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place", "part"), FAULTS)
def test_faults_of_a_file(tmp_path: Path, text: str, place: str, part: str) -> None:
    (tmp_path / "bad.yml").write_text("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: sum(up\n")
    result = run_file(written(tmp_path, text))
    assert result.tests == () and part in result.fault
    assert f":{place}: error" in result.fault, result.fault


def test_rule_files_are_patterns_beside_the_file(tmp_path: Path) -> None:
    text = "rule_files: ['r*.yml', none.yml]\ntests: []\n"
    (warning, verdict) = of(tmp_path, text)
    assert warning.startswith("case.test.yml:1:24: warning: no file matches 'none.yml'")
    assert verdict == "case.test.yml: 0 tests passed"


def test_recorded_and_alerting_histograms(tmp_path: Path) -> None:
    rules = """
groups:
- name: g
  rules:
  - {record: 'job:z:sum', expr: 'sum by (job) (z)', labels: {kind: total}}
  - {record: mixed, expr: 'z or label_replace(vector(7), "n", "1", "", "")'}
  - {alert: Any, expr: 'job:z:sum', annotations: {text: '{{ $value }} {{ with query "z" }}{{ . | first | value }}{{ end }}'}}
"""
    one, two = "{{count:3 sum:3 buckets:[1 2]}}", "{{count:6 sum:6 buckets:[2 4]}}"
    text = f"""
input_series:
- {{series: 'z{{job="a", i="1"}}', values: '{one}x3 stale'}}
- {{series: 'z{{job="a", i="2"}}', values: '{one}x3 stale'}}
promql_expr_test:
- {{expr: 'job:z:sum', eval_time: 2m, exp_samples: [{{labels: 'job:z:sum{{job="a", kind="total"}}', histogram: '{two}'}}]}}
- {{expr: 'mixed{{i!="2"}}', eval_time: 2m, exp_samples: [{{labels: 'mixed{{job="a", i="1"}}', histogram: '{one}'}}, {{labels: 'mixed{{n="1"}}', value: 7}}]}}
- {{expr: 'histogram_count(increase(job:z:sum[5m]))', eval_time: 3m, exp_samples: [{{labels: '{{job="a", kind="total"}}', value: 0}}]}}
- {{expr: 'job:z:sum', eval_time: 5m}}
alert_rule_test:
- eval_time: 3m
  alertname: Any
  exp_alerts: [{{exp_labels: {{job: a, kind: total}}, exp_annotations: {{text: '{{count:6, sum:6, (0.5,1]:2, (1,2]:4}} 0'}}}}]
"""
    assert of(tmp_path, case(text), rules) == ["case.test.yml: 1 test passed"]
