"""The README: its snippets run, and every setting and reason is in it."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

import hivesight_sdk as sdk
from hivesight_sdk import metrics, semconv
from hivesight_sdk.monitor.hive_figures import HiveFigures
from hivesight_sdk.monitor.thresholds import DEFAULT_THRESHOLDS

README = (Path(__file__).parents[2] / "sdk" / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet.splitlines()[0])
def test_snippets_run(snippet: str, tmp_path: Path) -> None:
    program = snippet.replace("metrics_port=8081", "metrics_port=0").replace(":9640", ":9")
    command = [sys.executable, "-W", "error", "-c", program]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert run.returncode == 0
    logged = [line for line in run.stderr.splitlines() if not line.startswith('{"timestamp":')]
    assert logged == []


def test_there_are_snippets() -> None:
    assert len(SNIPPETS) == 9


def test_every_reason_has_its_row() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .* \| .* \|$", README.partition("## When")[2].partition("## Metrics")[0], re.M)
    assert tuple(rows) == semconv.DROP_REASONS


def test_an_agent_as_a_user_writes_it_runs() -> None:
    spec = importlib.util.spec_from_file_location("user_code", Path(__file__).with_name("user_code.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.run()


def test_every_figure_and_threshold_of_the_monitor_is_told() -> None:
    section = README.partition("## Performance monitor")[2].partition("\n## ")[0]
    registry = CollectorRegistry()
    for metric in metrics.ALL:
        registry.register(metric)
    now = iter([0.0, 60.0])
    hive = HiveFigures(registry, lambda: next(now))
    hive()
    with sdk.track_task("readme"), sdk.track_latency("coordination"), sdk.track_external_api("readme", "get"):
        sdk.record_decision(0.9)
        sdk.record_active_agents("readme", "active", 1)
        sdk.record_queue("waiting", 1, oldest_seconds=1)
    figures = hive()
    assert len(figures) == 13
    assert [figure for figure in (*figures, *DEFAULT_THRESHOLDS) if f"`{figure}`" not in section] == []
