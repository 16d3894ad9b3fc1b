from pathlib import Path

import pytest

from doctor.marked import Case, check_case, examine, of


def group(*rules: str) -> dict[str, str]:
    return {"rules.yml": "groups:\n- name: g\n  rules:\n" + "".join(f"  - {each}\n" for each in rules)}


def alert(expr: str, rest: str = "") -> str:
    return f"alert: A\n    expr: {expr}{rest}"


CASES = [
    Case(
        "promql/all-states",
        group(alert("⟦sum(agent_hive_active_agents_total)⟧ > 9")),
        (("agents_total)", 'agents_total{status="active"})'),),
    ),
    Case(
        "promql/all-states",
        group(alert("⟦max by (agent_type) (agent_hive_active_agents_total)⟧ > 9")),
        (("(agent_type)", "(agent_type, status)"),),
    ),
    Case(
        "rules/silent-when-missing",
        group(alert('⟦sum(workers{state="busy"}) == 0⟧')),
        (('sum(workers{state="busy"}) == 0', '(sum(workers{state="busy"}) or vector(0)) == 0'),),
    ),
    Case(
        "rules/silent-when-missing",
        group(alert("⟦sum(rate(jobs_done_total[5m])) < 1⟧ and on () hour() > 8")),
        (("hour() > 8", "hour() > 8\n  - alert: Gone\n    expr: absent(jobs_done_total)"),),
    ),
    Case(
        "rules/gone-unseen",
        group(alert('⟦up{job=~"api.*"} == 0⟧')),
        (("- alert: A", '- alert: Gone\n    expr: absent(up{job="api"})\n  - alert: A'),),
    ),
    Case(
        "rules/silent-when-missing",
        group(alert("⟦3 > sum(workers)⟧")),
        (("3 > sum(workers)", "3 < sum(workers)"),),
    ),
    Case(
        "rules/silent-when-missing",
        group(alert('⟦count(up{job="api"}) < 3⟧')),
        (("- alert: A", '- alert: Gone\n    expr: absent(up{job=~"api|web"})\n  - alert: A'),),
    ),
    Case(
        "rules/not-recorded",
        group(
            "record: job:errors:rate5m\n    expr: sum by (job) (rate(errors_total[5m]))",
            alert("⟦job:errors:rate1h⟧ > 1"),
        ),
        (("rate1h", "rate5m"),),
    ),
    Case(
        "rules/not-recorded",
        group(
            "record: instance:node_cpu_utilisation:rate5m\n    expr: rate(a_total[5m])",
            alert("⟦instance:node_cpu_utilization:rate5m⟧ > 1"),
        ),
        (("utilization", "utilisation"),),
    ),
    Case(
        "rules/recorded-elsewhere",
        group(
            "record: job:errors:rate5m\n    expr: sum by (job) (rate(errors_total[5m]))",
            alert("⟦cluster:load:sum⟧ > 1"),
        ),
        (("cluster:load:sum", "job:errors:rate5m"),),
    ),
    Case(
        "rules/duplicate-across-groups",
        {
            "rules.yml": "groups:\n- name: a\n  rules:\n  - alert: Down\n    expr: up == 0\n"
            "- name: b\n  rules:\n  - alert: ⟦Down⟧\n    expr: up   == 0\n"
        },
        (("up   == 0", "up < 0"),),
    ),
    # One server loads both files.
    Case(
        "rules/duplicate-across-groups",
        {
            "a.yml": "groups: [{name: a, rules: [{record: 'a:b:c', expr: sum(up)}]}]\n",
            "b.yml": "groups: [{name: a, rules: [{record: ⟦'a:b:c'⟧, expr: sum(up)}]}]\n",
            "prometheus.yml": "rule_files: [a.yml, b.yml]\n",
        },
        (("rule_files: [a.yml, b.yml]", "rule_files: [a.yml]"),),
    ),
    Case(
        "rules/value-in-label",
        group(alert("a > 1", "\n    labels: {level: 'at {{ ⟦$value⟧ | humanize }}'}")),
        (("$value", "$labels.job"),),
    ),
    Case(
        "rules/no-summary",
        group("alert: ⟦A⟧\n    expr: a > 1\n    annotations: {dashboard: b}"),
        (("dashboard: b", "summary: b"),),
    ),
    Case(
        "rules/no-runbook",
        group("alert: ⟦A⟧\n    expr: a > 1\n    annotations: {summary: b}"),
        (("summary: b", "summary: b, runbook_url: c"),),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_fault_is_found_at_its_place_and_not_where_it_is_mended(case: Case, tmp_path: Path) -> None:
    check_case(case, tmp_path)


@pytest.mark.parametrize(
    "expr",
    [
        "sum by (job) (workers) == 0",
        "sum without (state) (workers) == 0",
        "sum(workers) > 0",
        "sum(workers) == bool 0",
        "sum(workers) == 5",
        "sum(workers) / sum(slots) < 0.5",
        "a > 1 unless sum(workers) == 0",
        "absent(workers) or sum(workers) == 0",
    ],
)
def test_what_is_not_silent_about_nothing(expr: str, tmp_path: Path) -> None:
    assert not list(of("rules/silent-when-missing", examine(tmp_path, group(alert(expr)))))


def test_copies_for_two_environments_are_no_duplicates(tmp_path: Path) -> None:
    text = "groups: [{name: a, rules: [{alert: Down, expr: up == 0}]}]\n"
    prometheus = "rule_files: [rules.yml]\n"
    files = {f"{each}/rules.yml": text for each in ("prod", "staging")}
    files |= {f"{each}/prometheus.yml": prometheus for each in ("prod", "staging")}
    assert not list(of("rules/duplicate-across-groups", examine(tmp_path, files)))
