"""Dashboards: each fault at its place, and nothing of it where it is mended."""

import json
from pathlib import Path

import pytest

from doctor.marked import Case, check_case, examine, of
from hivesight.doctor import CHECKS
from hivesight.doctor.dashboards.variables import query_of
from hivesight.model.diagnostics import Severity

SOURCE = '"datasource": {"type": "prometheus", "uid": "$source"}'
NUMBERS = '"options": {"legend": {"calcs": ["max"]}}'
VARIABLE = '{"name": "source", "type": "datasource", "query": "prometheus"}'


def dashboard(panels: str, variables: str = VARIABLE, head: str = '"uid": "hive", "schemaVersion": 41,') -> str:
    return f'{{\n"title": "Hive", {head}\n"templating": {{"list": [{variables}]}},\n"panels": [\n{panels}\n]\n}}\n'


def alone(panels: str, variables: str = VARIABLE) -> dict[str, str]:
    return {"hive.json": dashboard(panels, variables)}


def panel(inside: str, kind: str = "timeseries", number: int = 1) -> str:
    return f'{{"id": {number}, "title": "P{number}", "type": "{kind}", {SOURCE}, {NUMBERS},\n{inside}}}'


def query(expr: str, more: str = "", unit: str = "short", kind: str = "timeseries") -> str:
    fields = f'"fieldConfig": {{"defaults": {{"unit": "{unit}"}}}}'
    return panel(f'"targets": [{{"refId": "A", "expr": "{expr}"{more}}}],\n{fields}', kind)


def legend(text: str) -> str:
    return f', "legendFormat": "{text}"'


TASKS = "rate(agent_hive_tasks_completed_total[5m])"
PLACED = '"targets": [{"refId": "A", "expr": "up", "instant": true}], "fieldConfig": {"defaults": {"unit": "short"}}'

CASES = [
    Case(
        "dashboards/wrapped",
        {"hive.json": f'{{⟦"dashboard"⟧: {dashboard(query("x"))}}}'},
        (('{"dashboard": {', "{"), ("}\n}", "}\n")),
    ),
    Case(
        "dashboards/no-uid",
        {"hive.json": dashboard(query("x"), head='"schemaVersion": 41,').replace('"title": "H', '⟦"title"⟧: "H', 1)},
        (('"schemaVersion"', '"uid": "hive", "schemaVersion"'),),
    ),
    Case(
        "dashboards/no-schema-version",
        {"hive.json": dashboard(query("x"), head='"uid": "hive",').replace('"title": "H', '⟦"title"⟧: "H', 1)},
        (('"uid": "hive"', '"uid": "hive", "schemaVersion": 41'),),
    ),
    Case(
        "dashboards/fixed-id",
        {"hive.json": dashboard(query("x"), head='"id": ⟦12⟧, "uid": "hive", "schemaVersion": 41,')},
        (('"id": 12', '"id": null'),),
    ),
    Case(
        "dashboards/no-variables",
        {"hive.json": dashboard(query("x"), "").replace('"title": "H', '⟦"title"⟧: "H', 1)},
        (('"list": []', f'"list": [{VARIABLE}]'),),
    ),
    Case(
        "dashboards/removed-panel",
        alone(query("x", kind="graph").replace('"graph"', '⟦"graph"⟧')),
        (("graph", "stat"),),
    ),
    Case(
        "dashboards/more-removed-panels",
        alone(query("x", kind="graph") + "," + query("y", kind="singlestat").replace('"singlestat"', '⟦"singlestat"⟧')),
        (("singlestat", "stat"),),
    ),
    Case(
        "dashboards/old-key",
        alone(panel('⟦"yAxes"⟧: [{"min": 0}], "targets": [{"expr": "x"}]')),
        (('"yAxes"', '"fieldConfig"'), ('[{"min": 0}]', '{"defaults": {"min": 0}}')),
    ),
    Case(
        "dashboards/old-key",
        alone(panel('⟦"thresholds"⟧: [{"value": 80, "op": "gt"}], "targets": [{"expr": "x"}]', "graph")),
        (('[{"value": 80, "op": "gt"}]', "[]"),),
    ),
    Case(
        "dashboards/old-key",
        alone(panel('⟦"seriesOverrides"⟧: [{"alias": "a"}], "targets": [{"expr": "x"}]')),
        (('[{"alias": "a"}]', "[]"),),
    ),
    Case(
        "dashboards/base-step",
        alone(panel('"fieldConfig": {"defaults": {"thresholds": {"steps": [{"color": "red", "value": ⟦80⟧}]}}}')),
        (("80", "null"),),
    ),
    Case(
        "dashboards/base-step-zero",
        alone(panel('"fieldConfig": {"defaults": {"thresholds": {"steps": [{"color": "red", "value": ⟦0⟧}]}}}')),
        (('"value": 0', '"value": null'),),
    ),
    Case(
        "dashboards/no-datasource",
        alone(query("x").replace(f"{SOURCE},", "").replace('"P1"', '⟦"P1"⟧')),
        (('"type": "timeseries",', f'"type": "timeseries", {SOURCE},'),),
    ),
    Case(
        "dashboards/no-unit",
        alone(query("x", unit="").replace('"P1"', '⟦"P1"⟧')),
        (('"unit": ""', '"unit": "s"'),),
    ),
    Case(
        "dashboards/no-legend-numbers",
        alone(query("x").replace(f"{NUMBERS},", "").replace('"P1"', '⟦"P1"⟧')),
        (('"type": "timeseries",', '"type": "timeseries", "options": {"legend": {"showLegend": false}},'),),
    ),
    Case(
        "dashboards/no-query",
        alone(panel('"targets": []').replace('"P1"', '⟦"P1"⟧')),
        (('"targets": []', '"targets": [{"expr": "x"}]'),),
    ),
    Case(
        "dashboards/duplicate-ref",
        alone(panel('"targets": [{"refId": "A", "expr": "x"}, {"refId": ⟦"A"⟧, "expr": "y"}]')),
        (('"A", "expr": "y"', '"B", "expr": "y"'),),
    ),
    Case(
        "dashboards/duplicate-id",
        alone(panel(PLACED, number=7) + ',{"id": ⟦7⟧, "type": "row", "title": "second"}'),
        (('{"id": 7, "type": "row"', '{"id": 8, "type": "row"'),),
    ),
    Case(
        "dashboards/overlap",
        alone(
            panel(f'"gridPos": {{"x": 0, "y": 0, "w": 12, "h": 8}}, {PLACED}')
            + ","
            + panel(f'⟦"gridPos"⟧: {{"x": 6, "y": 4, "w": 12, "h": 8}}, {PLACED}', number=2)
        ),
        (('"y": 4', '"y": 8'),),
    ),
    Case(
        "dashboards/outside-grid",
        alone(panel(f'⟦"gridPos"⟧: {{"x": 18, "y": 0, "w": 12, "h": 8}}, {PLACED}')),
        (('"w": 12', '"w": 6'),),
    ),
    Case(
        "dashboards/undefined-variable",
        alone(query(r"rate(x{job=~\"⟦$job⟧\"}[5m])")),
        ((VARIABLE, VARIABLE + ', {"name": "job", "type": "query"}'),),
    ),
    Case(
        "dashboards/undefined-variable",
        alone(query(r"x{a=\"⟦[[other]]⟧\"}")),
        (("[[other]]", "[[source]]"),),
    ),
    Case(
        "dashboards/unused-variable",
        alone(query("x"), VARIABLE + ', {"name": ⟦"job"⟧, "type": "query"}'),
        (('"expr": "x"', '"expr": "x{job=~\\"${job:regex}\\"}"'),),
    ),
    Case(
        "dashboards/interval-in-rate",
        alone(query("sum(rate(x_total[⟦$__interval⟧]))")),
        (("$__interval", "$__rate_interval"),),
    ),
    Case(
        "dashboards/interval-in-rate",
        alone(query("sum(rate(x_total[⟦$__interval⟧]))")),
        (('"refId": "A"', '"refId": "A", "interval": "2m"'),),
    ),
    Case("dashboards/query-syntax", alone(query(r"sum(x / 2⟦{⟧a=\"b\"})")), ((" / 2{", "{"),)),
    Case(
        "dashboards/unknown-metric", alone(query("⟦agent_hive_tasks_done_total⟧")), (("tasks_done", "tasks_completed"),)
    ),
    Case(
        "dashboards/hides-absence",
        alone(query(r"⟦up⟧{job=\"api\"}", kind="stat")),
        (('"refId": "A"', '"refId": "A", "instant": true'),),
    ),
    Case(
        "dashboards/legend-label",
        alone(query("sum by (job) (x)", legend("{{job}} ⟦{{pod}}⟧"))),
        (("sum by (job)", "sum by (job, pod)"),),
    ),
    Case(
        "dashboards/same-legend",
        alone(query(TASKS, ', "legendFormat": ⟦"{{agent_type}} - {{status}}"⟧')),
        ((TASKS, f"sum by (agent_type, status) ({TASKS})"),),
    ),
    Case(
        "dashboards/short-legend",
        alone(query("sum by (job, pod) (x)", ', "legendFormat": ⟦"{{job}}"⟧')),
        (("by (job, pod)", "by (job)"),),
    ),
    Case(
        "dashboards/mixed-units",
        alone(
            panel(
                '"targets": [{"refId": "A", "expr": "agent_hive_resource_utilization_percent"},\n{"refId": "B", '
                '"expr": '
                '⟦"histogram_quantile(0.95, sum by (le) (rate(x_seconds_bucket[5m]))) * 1000"⟧}]'
            )
        ),
        (("[5m]))) * 1000", "[5m])))"), ("agent_hive_resource_utilization_percent", "max(x_seconds)")),
    ),
    Case(
        "dashboards/unit",
        alone(query("avg(x_used_ratio)", unit="percent").replace('"percent"', '"⟦percent⟧"')),
        (('"percent"', '"percentunit"'),),
    ),
    Case(
        "dashboards/other-limit",
        {
            "hive.json": dashboard(
                panel(
                    '"targets": [{"refId": "A", "expr": "agent_hive_resource_utilization_percent"}],\n'
                    '"fieldConfig": {"defaults": {⟦"thresholds"⟧: {"mode": "absolute", "steps": '
                    '[{"color": "green", "value": null}, {"color": "red", "value": 80}]}}}'
                )
            ),
            "rules.yml": "groups: [{name: g, rules: [{alert: HighCpu, expr: "
            "'agent_hive_resource_utilization_percent{resource_type=\"cpu\"} > 90'}]}]\n",
        },
        (('"value": 80', '"value": 90'),),
    ),
    # Checks of PromQL hold for panels too, at the place behind the escapes.
    Case(
        "promql/quantile-without-buckets",
        alone(query(r"x{a=\"\\\"é\"} + histogram_quantile(0.95, ⟦x_seconds{job=~\"$source\"}⟧)")),
        (("0.95, x_seconds{", "0.95, x_seconds_bucket{"),),
    ),
    Case(
        "promql/regex-without-effect",
        alone(query(r"x{⟦job=~\"api\"⟧, a=~\"$source\"}")),
        (('=~\\"api', '=\\"api'),),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_fault_is_shown_at_its_place_and_gone_when_mended(case: Case, tmp_path: Path) -> None:
    check_case(case, tmp_path)


def test_every_check_of_dashboards_has_a_case() -> None:
    assert {code for code in CHECKS if code.startswith("dashboards/")} <= {case.code for case in CASES}


@pytest.mark.parametrize(
    "expr",
    [
        r"rate(x_total{job=~\"$source\"}[$__rate_interval])",
        "sum by ($source) (rate(x_total[${source}m]))",
        "topk($source, x)",
        "x > $source and x < ${__range_s}",
        "rate(x_total[[[source]]])",
        "max_over_time(x[$__range:$__interval])",
        "x offset $source",
        r"label_replace(x, \"b\", \"$1 $name\", \"a\", \"(.)(?P<name>.)\")",
        r"sum by (pod) ($source{a=\"b\"}) / on (pod) group_left (node) sum by (pod, node) (y)",
    ],
)
def test_variables_stand_for_anything(expr: str, tmp_path: Path) -> None:
    found = examine(tmp_path, alone(query(expr, legend("{{pod}}"))))
    assert [each.code for each in found if each.severity >= Severity.WARNING and "legend" not in each.code] == []


@pytest.mark.parametrize(
    "written",
    ['x{a="$b"}[$__rate_interval]', "sum(${metric}{})", "$x + [[y]]", "x[${__interval}]", "x[$" + "v" * 38 + "]"],
)
def test_a_filled_query_is_as_long_as_the_written_one(written: str) -> None:
    query = query_of(written)
    assert query.expr is not None
    assert len(query.text) == len(written)


def test_queries_of_another_data_source_are_left_alone(tmp_path: Path) -> None:
    loki = query(r"sum(rate({app=\"x\"} |= \"error\" [5m])").replace('"prometheus"', '"loki"')
    assert examine(tmp_path, alone(loki)) == []


def test_panels_in_collapsed_rows_lie_on_a_grid_of_their_own(tmp_path: Path) -> None:
    place = '"gridPos": {"x": 0, "y": 1, "w": 12, "h": 8}'
    row = f'{{"id": 9, "type": "row", "panels": [{panel(f"{place}, {PLACED}")}]}}'
    assert not list(
        of("dashboards/overlap", examine(tmp_path, alone(f"{row},{panel(f'{place}, {PLACED}', number=2)}")))
    )


@pytest.mark.parametrize(
    "value",
    [
        {"panels": [1, None, {"targets": {"a": 1}, "gridPos": [1], "fieldConfig": [2], "title": []}], "uid": {}},
        {"dashboard": [1], "panels": {"a": {}}},
        {"panels": [{"type": "stat", "targets": [{"expr": "(" * 5000}, {"expr": "+".join("a" * 5000)}]}]},
        {"panels": [{"type": "stat", "gridPos": {"x": -3, "y": 10**40, "w": 10**9, "h": "x"}}], "rows": 3},
    ],
)
def test_odd_dashboards_are_examined_all_the_same(value: object, tmp_path: Path) -> None:
    assert examine(tmp_path, {"odd.json": json.dumps(value)})


def test_a_description_disables_a_check_for_its_panel(tmp_path: Path) -> None:
    ignored = '"description": "Counts. # hivesight: ignore dashboards/no-unit because agents have none",'
    panels = query("x", unit="").replace('"type"', f'{ignored} "type"') + ",\n" + query("y", unit="").replace("1", "2")
    found = examine(tmp_path, alone(panels))
    assert [(each.code, each.diagnostic.line) for each in found] == [("dashboards/no-unit", 8)]


@pytest.mark.parametrize("said", ["ignore dashboards/no-such because it is", "ignore dashboards/no-unit"])
def test_a_comment_in_a_description_that_cannot_be_heard_is_a_finding(said: str, tmp_path: Path) -> None:
    panels = query("x", unit="").replace('"type"', f'"description": "# hivesight: {said}", "type"')
    assert {each.code for each in examine(tmp_path, alone(panels))} == {"doctor/comment", "dashboards/no-unit"}
