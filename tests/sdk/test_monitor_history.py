"""History and summary: 24 hours by the monotonic clock, a file that survives restarts and damage, percentiles."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from math import isnan
from pathlib import Path

import pytest

from hivesight_sdk.monitor import history as history_module
from hivesight_sdk.monitor.history import History
from hivesight_sdk.monitor.sample import PerformanceMetrics
from hivesight_sdk.monitor.summary import percentile, statistics, summarize

Growth = Callable[..., Callable[[], float]]
NOW = 1_700_000_000.0
HOUR = 3600.0


def at(unix_seconds: float, taken_at: float, **figures: float) -> PerformanceMetrics:
    return PerformanceMetrics.at(unix_seconds, figures, taken_at)


def loads(history: History) -> list[float]:
    return [sample.figures["load"] for sample in history.since(-1e12)]


def test_what_is_older_than_a_day_is_forgotten() -> None:
    history = History()
    for hour in range(26):
        history.add(at(NOW + hour * HOUR, hour * HOUR, load=hour))
    assert loads(history) == list(range(2, 26))
    assert [sample.figures["load"] for sample in history.since(23 * HOUR)] == [24, 25]


@pytest.mark.parametrize("jump", [-30 * 86_400.0, 365 * 86_400.0])
def test_a_jump_of_the_clock_loses_nothing(jump: float) -> None:
    history = History()
    history.add(at(NOW, 0, load=1))
    history.add(at(NOW + jump, 30, load=2))
    history.add(at(NOW + 60, 60, load=3))
    assert loads(history) == [1, 2, 3]


def test_figures_come_and_go() -> None:
    history = History()
    history.add(at(NOW, 0, load=1))
    history.add(at(NOW + 1, 1, load=2, queue=5))
    history.add(at(NOW + 2, 2))
    assert [dict(sample.figures) for sample in history.since(-1)] == [{"load": 1}, {"load": 2, "queue": 5}, {}]


def test_the_history_is_bounded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(history_module, "MAX_SAMPLES", 3)
    history = History()
    history._rows = history._rows.__class__(maxlen=3)
    history.restore(tmp_path / "history.db", NOW, 0)
    for second in range(5):
        history.add(at(NOW + second, second, load=second))
    assert loads(history) == [2, 3, 4]
    with sqlite3.connect(tmp_path / "history.db") as database:
        assert database.execute("SELECT count(*) FROM sample").fetchone() == (3,)
    database.close()


def test_it_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    before = History()
    before.restore(path, NOW, 50_000)
    for hour in range(4):
        before.add(at(NOW + hour * HOUR, 50_000 + hour * HOUR, load=hour + 0.5))
    after = History()
    after.restore(path, NOW + 25 * HOUR, 10)  # another boot: the monotonic clock is at another place
    assert loads(after) == [2.5, 3.5]
    assert [sample.taken_at for sample in after.since(-1e12)] == [10 - 23 * HOUR, 10 - 22 * HOUR]
    after.add(at(NOW + 25 * HOUR + 60, 70, load=9))
    assert loads(after) == [2.5, 3.5, 9]


def test_samples_of_a_clock_that_was_ahead_count_as_new(tmp_path: Path) -> None:
    before = History()
    before.restore(tmp_path / "h", NOW, 0)
    before.add(at(NOW + HOUR, 0, load=1))
    after = History()
    after.restore(tmp_path / "h", NOW, 0)
    assert [sample.taken_at for sample in after.since(-1)] == [0]


def write_garbage(path: Path) -> None:
    path.write_bytes(b"not a database" * 1000)


def tear(path: Path) -> None:
    whole = History()
    whole.restore(path, NOW, 0)
    for second in range(300):
        whole.add(at(NOW + second, second, load=second))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] + b"\xff" * 4096)


@pytest.mark.parametrize("damage", [write_garbage, tear])
def test_a_damaged_file_is_put_aside(damage: Callable[[Path], None], tmp_path: Path, growth: Growth) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="history_failed")
    path = tmp_path / "history.db"
    damage(path)
    history = History()
    history.restore(path, NOW + 400, 400)
    history.add(at(NOW + 401, 401, load=7))
    history.add(at(NOW + 402, 402, load=8))
    assert loads(history)[-2:] == [7, 8]
    assert dropped() >= 1
    assert (tmp_path / "history.db.damaged").exists()
    again = History()
    again.restore(path, NOW + 403, 0)
    assert loads(again)[-1] == 8


def test_a_file_that_cannot_be_written_costs_nothing_but_itself(tmp_path: Path, growth: Growth) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="history_failed")
    history = History()
    history.restore(tmp_path / "nowhere" / "history.db", NOW, 0)
    history.add(at(NOW, 0, load=1))
    assert loads(history) == [1]
    assert dropped() == 2


def test_rows_that_make_no_sense_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "h"
    first = History()
    first.restore(path, NOW, 0)
    first.add(at(NOW, 0, load=1))
    database = sqlite3.connect(path)
    for unix_seconds, figures in (
        (NOW, "{"),
        (NOW, "[1]"),
        (NOW, '{"load": ' + "1" * 20_000 + "}"),
        ("yesterday", "{}"),
        (float("inf"), "{}"),
        (NOW, b"\xff"),
        (NOW, "[" * 10_000),
        (NOW, '{"load": 2.0, "Bad": 1.0, "text": "x", "huge": 1e999, "flag": true}'),
    ):
        database.execute("INSERT INTO sample (unix_seconds, figures) VALUES (?, ?)", (unix_seconds, figures))
    database.commit()
    database.close()
    again = History()
    again.restore(path, NOW, 0)
    assert [dict(sample.figures) for sample in again.since(-1)] == [{"load": 1}, {"load": 2}]


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([3.0], 0.5, 3), ([1.0, 2.0], 0.5, 1.5), ([1.0, 2.0, 3.0, 4.0, 5.0], 0.95, 4.8), ([1.0, 9.0], 1.0, 9)],
)
def test_percentiles(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == pytest.approx(expected)


def test_statistics() -> None:
    found = statistics([float(number) for number in range(101)][::-1])
    assert found == {"avg": 50, "max": 100, "min": 0, "p50": 50, "p95": 95, "p99": 99, "count": 101}


def test_the_summary_has_the_guides_sections_and_all_other_figures() -> None:
    samples = [at(NOW, 0, cpu_percent=10, my_figure=1), at(NOW + 30, 30, cpu_percent=30)]
    summary = summarize(samples, 2, ["cpu_percent"])
    assert (summary["time_period"], summary["metrics_count"]) == (
        "Last 2 hour(s)",
        2,
    )
    assert (summary["cpu_usage"]["avg"], summary["cpu_usage"]["max"], summary["cpu_usage"]["min"]) == (20, 30, 10)
    assert summary["my_figure"]["count"] == 1
    assert "cpu_percent" not in summary
    assert isnan(summary["memory_usage"]["avg"])
    assert summary["memory_usage"]["count"] == 0


def test_an_empty_summary_has_the_same_shape() -> None:
    empty = summarize([], 1, [])
    assert empty["metrics_count"] == 0
    assert empty.keys() == summarize([at(NOW, 0, cpu_percent=1)], 1, []).keys()
