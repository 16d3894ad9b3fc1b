"""The table against the guide's definitions, written out here a second time on purpose."""

from __future__ import annotations

import pytest

from hivesight_sdk import metrics, semconv

INF = float("inf")
GUIDE = [
    (
        "agent_hive_coordination_latency_seconds",
        "histogram",
        (),
        (0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0),
        600.0,
    ),
    ("agent_hive_active_agents_total", "gauge", ("agent_type", "status"), (), INF),
    ("agent_hive_tasks_completed_total", "counter", ("agent_type", "status", "priority"), (), INF),
    ("agent_hive_resource_utilization_percent", "gauge", ("resource_type",), (), INF),
    ("agent_hive_decision_confidence_score", "histogram", (), (0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0), 1.0),
    ("agent_hive_learning_accuracy_percent", "gauge", ("model_type",), (), INF),
    ("agent_hive_external_api_requests_total", "counter", ("service", "method", "status_code"), (), INF),
    (
        "agent_hive_external_api_duration_seconds",
        "histogram",
        ("service", "method"),
        (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
        300.0,
    ),
    ("agent_hive_memory_usage_bytes", "gauge", ("component",), (), INF),
    ("agent_hive_cpu_usage_percent", "gauge", ("component",), (), INF),
]
BEYOND = [
    ("agent_hive_task_duration_seconds", "histogram", ("agent_type",)),
    ("agent_hive_task_retries_total", "counter", ("agent_type",)),
    ("agent_hive_task_transitions_total", "counter", ("agent_type", "from_state", "to_state")),
    ("agent_hive_task_queue_length", "gauge", ("state",)),
    ("agent_hive_task_queue_oldest_seconds", "gauge", ("state",)),
    ("agent_hive_handoffs_total", "counter", ("from_agent", "to_agent")),
    ("agent_hive_agent_runs_total", "counter", ("agent_type", "outcome")),
    ("agent_hive_agent_run_duration_seconds", "histogram", ("agent_type", "outcome")),
    ("agent_hive_agent_last_heartbeat_timestamp_seconds", "gauge", ("agent_type",)),
    ("agent_hive_agent_last_progress_timestamp_seconds", "gauge", ("agent_type",)),
    ("agent_hive_workflow_runs_total", "counter", ("workflow", "outcome")),
    ("agent_hive_workflow_run_duration_seconds", "histogram", ("workflow", "outcome")),
    ("agent_hive_model_calls_total", "counter", ("provider", "model", "operation", "outcome")),
    ("agent_hive_model_call_duration_seconds", "histogram", ("provider", "model", "operation", "outcome")),
    ("agent_hive_model_time_to_first_chunk_seconds", "histogram", ("provider", "model")),
    ("agent_hive_model_tokens_total", "counter", ("provider", "model", "type")),
    ("agent_hive_model_cost_dollars_total", "counter", ("provider", "model")),
    ("agent_hive_model_finishes_total", "counter", ("provider", "model", "reason")),
    ("agent_hive_tool_calls_total", "counter", ("tool", "outcome")),
    ("agent_hive_tool_call_duration_seconds", "histogram", ("tool", "outcome")),
    ("agent_hive_circuit_breaker_state", "gauge", ("breaker", "state")),
    ("agent_hive_circuit_breaker_transitions_total", "counter", ("breaker", "from_state", "to_state")),
    ("agent_hive_errors_total", "counter", ("component", "kind")),
    ("agent_hive_event_loop_lag_seconds", "histogram", ()),
    ("agent_hive_job_last_run_timestamp_seconds", "gauge", ("job_name",)),
    ("agent_hive_job_last_success_timestamp_seconds", "gauge", ("job_name",)),
    ("agent_hive_job_duration_seconds", "gauge", ("job_name",)),
    ("agent_hive_job_last_status", "gauge", ("job_name", "status")),
    ("agent_hive_monitor_figure", "gauge", ("figure",)),
    ("agent_hive_monitor_alert_firing", "gauge", ("figure",)),
    ("agent_hive_log_redactions_total", "counter", ("kind",)),
    ("agent_hive_sdk_exported_total", "counter", ("signal",)),
    ("agent_hive_sdk_export_queue_length", "gauge", ("signal",)),
    ("agent_hive_sdk_dropped_total", "counter", ("reason",)),
]


@pytest.mark.parametrize(("name", "kind", "labels", "buckets", "highest"), GUIDE, ids=[row[0] for row in GUIDE])
def test_every_family_of_the_guide_is_there_unchanged(
    name: str, kind: str, labels: tuple[str, ...], buckets: tuple[float, ...], highest: float
) -> None:
    family = semconv.BY_NAME[name]
    assert (family.kind, family.labels) == (kind, labels)
    assert set(buckets) <= set(family.buckets)
    if kind == "histogram":
        assert family.buckets[: len(buckets)] == buckets, "new boundaries only above the guide's"
        assert family.buckets[-1] == highest


def test_the_table_holds_these_families_and_no_others() -> None:
    assert [family.name for family in semconv.GUIDE_FAMILIES] == [row[0] for row in GUIDE]
    assert [(f.name, f.kind, f.labels) for f in semconv.HIVE_FAMILIES] == BEYOND
    assert semconv.FAMILIES == semconv.GUIDE_FAMILIES + semconv.HIVE_FAMILIES
    assert len(semconv.BY_NAME) == len(semconv.FAMILIES)


@pytest.mark.parametrize("family", semconv.FAMILIES, ids=lambda family: family.name)
def test_families_are_well_formed(family: semconv.MetricFamily) -> None:
    assert family.help
    assert (family.kind == "histogram") == bool(family.buckets)
    assert list(family.buckets) == sorted(set(family.buckets))
    assert INF not in family.buckets
    assert family.kind != "counter" or family.name.endswith("_total")


def test_every_family_has_its_live_metric_under_the_same_constant() -> None:
    constants = {name: item for name, item in vars(semconv).items() if isinstance(item, semconv.MetricFamily)}
    assert sorted(family.name for family in constants.values()) == sorted(semconv.BY_NAME)
    for constant, family in constants.items():
        live = getattr(metrics, constant)
        (described,) = live.describe()
        assert described.type == family.kind
        assert described.name == (family.name.removesuffix("_total") if family.kind == "counter" else family.name)
        assert live in metrics.ALL
    assert len(metrics.ALL) == len(constants)


@pytest.mark.parametrize("name", ["planning", "tool_call", "step2", "a" * 64])
def test_latency_names(name: str) -> None:
    family = semconv.latency_family(name)
    assert family.name == f"agent_hive_{name}_latency_seconds"
    assert family.labels == ()


def test_the_coordination_latency_is_the_guides_own() -> None:
    assert semconv.latency_family("coordination") is semconv.AGENT_COORDINATION_LATENCY


@pytest.mark.parametrize("name", ["", "Planning", "2nd", "_x", "a-b", "a b", "a\n", "é", "a" * 65, "a²"])
def test_names_that_would_break_the_exposition_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a latency name"):
        semconv.latency_family(name)


def test_every_family_belongs_to_one_group() -> None:
    grouped = [family.name for group in semconv.GROUPS for family in group.families]
    assert sorted(grouped) == sorted(semconv.BY_NAME)


def test_only_the_guide_may_have_a_name_that_lint_complains_of() -> None:
    excused = [family for family in semconv.FAMILIES if family.lint]
    assert [family for family in excused if family not in semconv.GUIDE_FAMILIES] == []
