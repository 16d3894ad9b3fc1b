"""The fake clock drives all that tells the time, and nothing else."""

from __future__ import annotations

import ast
import threading
import time
from pathlib import Path

import pytest

import hivesight_sdk as sdk
from hivesight_sdk.testing import FakeClock, capture, clock

SOURCES = Path(sdk.__file__).parent
DEADLINES = {
    # Waits for threads, sockets and streams.
    "logs/handlers.py",
    "logs/structlog_renderer.py",
    "configuration.py",
    "otlp/lifecycle.py",
    "otlp/metrics_export.py",
    "otlp/metrics_post.py",
    "otlp/sender.py",
    "otlp/shipper.py",
    "push/pushing.py",
}
CLOCKS_GIVEN = {"monitor/monitor.py", "resources.py"}


def test_every_module_that_tells_the_time_is_driven_or_has_a_reason_not_to() -> None:
    driven = {name.partition(".")[2].replace(".", "/") + ".py" for name in clock._DRIVEN}
    reading: set[str] = set()
    for path in SOURCES.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        name = path.relative_to(SOURCES).as_posix()
        imports = [
            node for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names if a.name == "time"
        ]
        imports += [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "time"]
        if imports and not name.startswith("testing/"):
            reading.add(name)
    assert driven <= reading
    assert reading - driven - DEADLINES - CLOCKS_GIVEN == set()


def test_durations_heartbeats_and_spans() -> None:
    with capture() as seen, FakeClock(1_000_000) as clock:
        with sdk.agent("walker"), sdk.model_call("local", "m") as call:
            clock.advance(2)
            call.first_chunk()
            clock.advance(1.5)
        assert seen.metric("agent_hive_agent_last_heartbeat_timestamp_seconds", agent_type="walker") == 1_000_003.5
        clock.advance(10)
        with sdk.track_task("walker"):
            pass
    assert seen.metric("agent_hive_agent_run_duration_seconds_sum", agent_type="walker") == 3.5
    assert seen.metric("agent_hive_model_time_to_first_chunk_seconds_sum", model="m") == 2
    assert seen.metric("agent_hive_agent_last_progress_timestamp_seconds", agent_type="walker") == 1_000_013.5
    assert seen.spans.one("chat m").duration == 3.5
    assert seen.spans.one("task walker").started == 1_000_013.5


def test_real_time_is_back_afterwards() -> None:
    with capture() as seen, FakeClock(5):
        pass
    with capture() as seen, sdk.agent("walker"):
        pass
    assert seen.metric("agent_hive_agent_last_heartbeat_timestamp_seconds", agent_type="walker") > 1_700_000_000
    assert sdk.PerformanceMonitor.__init__.__kwdefaults__["clock"] is time.monotonic


def test_a_threshold_that_holds_for_two_minutes() -> None:
    told: list[str] = []
    with FakeClock() as clock:
        monitor = sdk.PerformanceMonitor(
            30,
            providers={"host": dict, "backlog": lambda: 12},
            alert_thresholds={"backlog": sdk.Threshold(10, for_seconds=120)},
            callbacks=[lambda alert: told.append(f"{alert.state} at {clock.monotonic():g} s")],
        )
        with monitor:
            clock.advance(119)
            assert told == []
            assert len(monitor.metrics_history) == 4
            clock.advance(1)
            assert told == ["firing at 120 s"]
            clock.advance(3600)
            assert len(monitor.metrics_history) == 1 + 3720 // 30
    assert told == ["firing at 120 s"]
    assert "hivesight-monitor" not in [thread.name for thread in threading.enumerate()]


def test_nested_clocks() -> None:
    with FakeClock(1) as outer, capture() as seen:
        with FakeClock(1_000) as inner, sdk.track_task("nested"):
            inner.advance(5)
        assert seen.metric("agent_hive_agent_last_progress_timestamp_seconds", agent_type="nested") == 1_005
        with sdk.track_task("nested"):
            outer.advance(1)
        assert seen.metric("agent_hive_agent_last_progress_timestamp_seconds", agent_type="nested") == 2


def test_time_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="forward"):
        FakeClock().advance(-1)
