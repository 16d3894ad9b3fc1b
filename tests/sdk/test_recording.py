"""Never raising, never hanging, bounded: the way every recording is made."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable

import pytest
from prometheus_client import CollectorRegistry, Counter, generate_latest

import hivesight_sdk as sdk
from hivesight_sdk import recording

Growth = Callable[..., Callable[[], float]]


@pytest.fixture
def events() -> Counter:
    return Counter("events", "Events", ["kind"], registry=CollectorRegistry())


def test_label_sets_are_bounded(events: Counter, growth: Growth) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="too_many_series")
    for number in range(recording.MAX_SERIES_PER_METRIC + 3):
        recording.record(lambda n=number: recording.series(events, n).inc())
    recording.record(lambda: recording.series(events, 0).inc())
    (family,) = events.collect()
    totals = [sample for sample in family.samples if sample.name == "events_total"]
    assert len(totals) == recording.MAX_SERIES_PER_METRIC
    assert totals[0].value == 2, "label sets that are there go on"
    assert dropped() == 3


def test_a_label_set_that_was_removed_begins_anew(events: Counter) -> None:
    recording.series(events, "gone").inc(5)
    events.remove("gone")
    recording.series(events, "gone").inc()
    (family,) = events.collect()
    assert [sample.value for sample in family.samples if sample.name == "events_total"] == [1]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("x" * 500, "x" * 200),
        ("tab\udcff", "tab?"),
        (None, "None"),
        (5, "5"),
        ("\x00\n", "\x00\n"),
        ("é" * 300, "é" * 200),
    ],
)
def test_label_values_are_bounded_and_writable(given: object, kept: str) -> None:
    registry = CollectorRegistry()
    counter = Counter("c", "c", ["kind"], registry=registry)
    recording.series(counter, given).inc()
    assert registry.get_sample_value("c_total", {"kind": kept}) == 1
    generate_latest(registry)


def test_recordings_from_many_threads_are_all_counted(growth: Growth) -> None:
    grown = growth("agent_hive_tasks_completed_total", agent_type="threaded", status="completed", priority="low")
    ready = threading.Barrier(8)

    def work() -> None:
        ready.wait()
        for _ in range(200):
            with sdk.track_task("threaded", "low"):
                pass

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert grown() == 1600


def test_a_recording_inside_a_recording_runs_after_it() -> None:
    order: list[str] = []

    def outer() -> None:
        recording.record(lambda: order.append("inner"))
        recording.drop("invalid_value", "inner drop")
        order.append("outer")

    recording.record(outer)
    assert order == ["outer", "inner"]


def test_a_finaliser_inside_a_scrape_does_not_hang(growth: Growth) -> None:
    """A generator that is collected while its thread is in a metric's lock records its end: that must wait."""
    grown = growth("agent_hive_tasks_completed_total", agent_type="gc", status="cancelled", priority="medium")

    @sdk.track_task("gc")
    def numbers():
        yield 1
        yield 2

    class Cycle:
        pass

    cycle = Cycle()
    cycle.steps = numbers()  # type: ignore[attr-defined]
    cycle.self = cycle  # type: ignore[attr-defined]
    next(cycle.steps)  # type: ignore[attr-defined]
    del cycle
    seen: list[float] = []

    def scrape() -> None:
        gc.collect()
        seen.append(grown())

    recording.collect_exclusively(scrape)
    assert seen == [0]
    assert grown() == 1


def test_kept_recordings_are_bounded(growth: Growth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "_MAX_KEPT", 5)
    dropped = growth("agent_hive_sdk_dropped_total", reason="too_many_pending")
    ran: list[int] = []

    def outer() -> None:
        for number in range(20):
            recording.record(lambda n=number: ran.append(n))

    recording.record(outer)
    assert ran == [0, 1, 2, 3, 4]
    assert dropped() == 1


def test_a_failed_recording_keeps_later_ones_working() -> None:
    ran: list[int] = []
    recording.record(lambda: 1 / 0)
    recording.record(lambda: ran.append(1))
    assert ran == [1]


def test_exceptions_that_stop_the_program_are_not_swallowed() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recording.record(interrupt)
    ran: list[int] = []
    recording.record(lambda: ran.append(1))
    assert ran == [1]


def test_the_log_is_bounded(growth: Growth, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "_logged", {})
    dropped = growth("agent_hive_sdk_dropped_total", reason="invalid_value")
    for number in range(20):
        recording.drop("invalid_value", f"message {number // 2}")
    assert dropped() == 20
    assert [record.args[0] for record in caplog.records if isinstance(record.args, tuple)] == [
        f"message {number}" for number in range(5)
    ]
