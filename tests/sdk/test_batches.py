"""What waits in a batch is never seen to wait: whoever reads or touches a family finds it up to date."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.samples import Exemplar

import hivesight_sdk as sdk
from hivesight_sdk import batches, families, metrics, recording
from hivesight_sdk.exemplars import Traced
from hivesight_sdk.exposition import render

Growth = Callable[..., Callable[[], float]]
NAME = "agent_hive_tool_calls_total"
LABELS = {"tool": "batched", "outcome": "success"}


@pytest.fixture
def waiting() -> Iterator[None]:
    """One call of the tool "batched", counted from 0, that waits."""
    sdk.TOOL_CALLS.remove(*LABELS.values())
    with sdk.tool("batched"):
        pass
    assert batches._waiting
    yield
    sdk.TOOL_CALLS.remove(*LABELS.values())


def from_another_registry() -> float | None:
    registry = CollectorRegistry()
    metrics.register_in(registry)
    return registry.get_sample_value(NAME, LABELS)


def from_text(page: str) -> float | None:
    (line,) = [line for line in page.splitlines() if line.startswith(NAME) and "batched" in line]
    return float(line.rpartition(" ")[2])


def from_samples(families: object) -> float | None:
    samples = [sample for family in families for sample in family.samples]  # type: ignore[attr-defined]
    return next(sample.value for sample in samples if sample.name == NAME and sample.labels == LABELS)


READS: dict[str, Callable[[], float | None]] = {
    "the registry": lambda: sdk.REGISTRY.get_sample_value(NAME, LABELS),
    "a further registry": from_another_registry,
    "some names": lambda: from_samples(sdk.REGISTRY.restricted_registry([NAME]).collect()),
    "the family": lambda: from_samples(sdk.TOOL_CALLS.collect()),
    "a child": lambda: sdk.TOOL_CALLS.labels(**LABELS)._value.get(),
    "prometheus_client's own page": lambda: from_text(generate_latest(sdk.REGISTRY).decode()),
    "the endpoint": lambda: from_text(render(sdk.REGISTRY).body.decode()),
}


@pytest.mark.usefixtures("waiting")
@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_every_read_is_up_to_date(read: Callable[[], float | None]) -> None:
    assert read() == 1


@pytest.mark.usefixtures("waiting")
@pytest.mark.parametrize(
    "forget",
    [
        lambda: sdk.TOOL_CALLS.remove(*LABELS.values()),
        lambda: sdk.TOOL_CALLS.remove_by_labels({"tool": "batched"}),
        sdk.TOOL_CALLS.clear,
    ],
    ids=["remove", "remove_by_labels", "clear"],
)
def test_what_waited_does_not_bring_a_removed_child_back(forget: Callable[[], None]) -> None:
    forget()
    assert sdk.REGISTRY.get_sample_value(NAME, LABELS) is None


def test_a_full_batch_is_folded_in(growth: Growth) -> None:
    grown = growth(NAME, tool="many", outcome="success")
    call = sdk.tool("many")(int)
    for _ in range(1000):
        call()
        assert len(batches._waiting) < batches._SIZE
    assert grown() == 1000


def test_what_waits_inside_a_recording_is_bounded(growth: Growth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MAX_WAITING", 300)
    batches.flush()
    grown = growth(NAME, tool="inside", outcome="success")
    dropped = growth("agent_hive_sdk_dropped_total", reason="too_many_pending")
    call = sdk.tool("inside")(int)
    recording.record(lambda: [call() for _ in range(310)])
    assert (grown(), dropped()) == (300, 10)


def test_a_batch_that_fails_is_counted_and_takes_no_other_with_it(growth: Growth) -> None:
    dropped = growth("agent_hive_sdk_dropped_total", reason="recording_failed")
    folded: list[tuple[str, list[int]]] = []

    def fold(key: str, points: list[int]) -> None:
        if key == "bad":
            raise RuntimeError("our own fault")
        folded.append((key, points))

    for key, point in (("good", 1), ("bad", 2), ("good", 3), ("bad", 4)):
        batches.record_batched(fold, key, point)
    batches.flush()
    assert folded == [("good", [1, 3])]
    assert dropped() == 2


def test_what_stops_the_program_stops_no_count() -> None:
    folded: list[str] = []

    def fold(key: str, points: list[None]) -> None:
        if key == "last":
            raise KeyboardInterrupt
        folded.append(key)

    batches.flush()
    batches.record_batched(fold, "first", None)
    batches.record_batched(fold, "last", None)
    with pytest.raises(KeyboardInterrupt):
        batches.flush()
    batches.flush()
    assert folded == ["first"]


def test_nothing_waits_for_families_of_the_hosts_own_making() -> None:
    program = """
from prometheus_client import Counter
own = Counter("agent_hive_tool_calls_total", "Tool calls", ["tool", "outcome"])
import hivesight_sdk as sdk
with sdk.tool("t"):
    pass
assert own.labels("t", "success")._value.get() == 1
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", [sdk.TOOL_CALL_DURATION, sdk.TASK_DURATION], ids=str)
def test_observing_all_is_observing_each(kind: Histogram) -> None:
    bounds = [float(bound) for bound in kind._upper_bounds]
    seconds = [0.0, *bounds[:-1], *(bound * 1.01 for bound in bounds[:-1]), 1e9, 1e-9]
    together, one_by_one = (families.Histogram("h", "h", registry=None, buckets=bounds) for _ in range(2))
    together.observe_all(seconds)
    for each in seconds:
        one_by_one.observe(each)

    def shown(histogram: Histogram) -> list[object]:
        (family,) = histogram.collect()
        return [(s.name, s.labels, pytest.approx(s.value)) for s in family.samples if s.name != "h_created"]

    assert shown(together) == shown(one_by_one)


def test_the_last_exemplar_of_a_bucket_is_kept_with_its_own_time() -> None:
    histogram = families.Histogram("h", "h", registry=None, buckets=[1, 2])
    first = Traced(1.5, SimpleNamespace(trace_id=1, span_id=2), 10.0)
    last = Traced(1.6, SimpleNamespace(trace_id=3, span_id=4), 11.0)
    histogram.observe_all([0.5, first, last, 1.7])
    (family,) = histogram.collect()
    exemplars = [sample.exemplar for sample in family.samples if sample.exemplar]
    assert exemplars == [Exemplar({"trace_id": f"{3:032x}", "span_id": f"{4:016x}"}, 1.6, 11.0)]
    assert [sample.value for sample in family.samples if sample.name == "h_sum"] == [pytest.approx(5.3)]
