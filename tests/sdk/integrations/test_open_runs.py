"""Runs that are told of in two calls."""

from __future__ import annotations

import pytest

import hivesight_sdk as sdk
from hivesight_sdk.integrations import open_runs
from hivesight_sdk.integrations.open_runs import OpenRuns, ReportedError
from hivesight_sdk.testing import assert_metric, capture


def test_begin_and_end() -> None:
    runs = OpenRuns("test")
    with capture() as seen:
        runs.begin(1, sdk.workflow("w"))
        runs.begin(2, sdk.agent("a"))
        runs.end(2, ReportedError("no luck"))
        runs.end(1)
        runs.end(1)
        runs.end(7)
    assert seen.spans.tree() == "invoke_workflow w\n  invoke_agent a  [error: ReportedError: no luck]"
    assert_metric(seen, "agent_hive_agent_runs_total", 1, outcome="error")
    assert runs.measurement(1) is None


def test_runs_whose_end_is_never_told_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_runs, "MAX_OPEN", 3)
    runs = OpenRuns("test")
    for run_id in range(10):
        runs.begin(run_id, sdk.tool("t"))
    assert [run_id for run_id in range(10) if runs.measurement(run_id) is not None] == [7, 8, 9]


def test_a_hook_that_fails_is_counted() -> None:
    with capture() as seen:
        OpenRuns("test").guarded(lambda: {}["x"])
    assert seen.dropped == {"recording_failed": 1}
