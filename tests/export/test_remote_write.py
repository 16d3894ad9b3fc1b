"""Samples to a receiver: all of them, in order, whatever it answers, and what is counted meanwhile."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from export.receiving import Receiving, content
from hivesight.export.remote_write import RemoteWrite, RemoteWriteMetrics, unread_segment
from hivesight.export.remote_write.shards import Shards
from hivesight.model.batch import Exemplar
from hivesight.model.clock import SystemClock
from hivesight.model.histogram import CUSTOM, Histogram, HistogramGrid, Scale, cells_of
from hivesight.model.labels import Labels
from hivesight.model.metadata import Metadata
from hivesight.model.series import STALE
from hivesight.sources.reading import read_text
from hivesight.sources.remote_write import QueueConfig, RemoteWriteConfig
from hivesight.storage.tsdb import Tsdb

KNOWN = {"m": Metadata("gauge", "A metric.", "")}
V2 = "protobuf_message: io.prometheus.write.v2.Request"


def scrape(store: Tsdb, time: int, series: int = 5, key: str = "a") -> None:
    group = store.group(key)
    rows = group.register([Labels({"__name__": "m", "key": key, "i": str(each)}) for each in range(series)])
    group.append(time, rows, np.arange(float(series)) + time)


def config(url: str, more: str = "", queue: str = "") -> list[RemoteWriteConfig]:
    quick = f"queue_config: {{batch_send_deadline: 20ms, min_backoff: 5ms, max_backoff: 10ms, {queue}}}"
    text = f"remote_write: [{{url: '{url}', {quick}, {more}}}]\n"
    loaded = read_text(text, Path("/nowhere/prometheus.yml"))
    assert loaded.value is not None, [each.render(text) for each in loaded.diagnostics]
    return list(loaded.value.remote_write)


class Sending:
    """The room on a store, and what it counted."""

    def __init__(self, store: Tsdb, folder: Path, pool: ThreadPoolExecutor) -> None:
        self.registry = CollectorRegistry()
        metrics = RemoteWriteMetrics(self.registry, lambda: store.stats().max_time_ms)
        self.all = RemoteWrite(store, folder, lambda: KNOWN, SystemClock(), pool, metrics)

    async def to(self, configs: list[RemoteWriteConfig], external: Labels | None = None) -> None:
        await self.all.apply(configs, external or Labels())

    def count(self, name: str, **labels: str) -> float:
        found = [
            sample.value
            for family in self.registry.collect()
            for sample in family.samples
            if sample.name == f"prometheus_remote_storage_{name}"
            and all(sample.labels[key] == value for key, value in labels.items())
        ]
        return sum(found)


@asynccontextmanager
async def sending(store: Tsdb, folder: Path, *, killed: bool = False) -> AsyncGenerator[Sending]:
    """killed: the process ends without a word; else it closes."""
    with ThreadPoolExecutor(2) as pool:
        made = Sending(store, folder, pool)
        yield made
        if killed:
            for each in made.all._receivers.values():
                await made.all._end(each)
        else:
            await made.all.close()


async def until(ask: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not ask():  # noqa: ASYNC110 (what is asked is not ours to wait for)
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("more", ["", V2])
def test_all_that_is_stored_arrives(store: Tsdb, receiving: Receiving, tmp_path: Path, more: str) -> None:
    scrape(store, 1000)

    async def run() -> None:
        async with sending(store, tmp_path / "w") as it:
            await it.to(config(receiving.url, f"send_native_histograms: true, send_exemplars: true, {more}"))
            scrape(store, 2000)
            scrape(store, 3000, series=7)
            group = store.group("a")
            rows = group.register([Labels({"__name__": "h", "key": str(each)}) for each in range(2)])
            cells = cells_of([Histogram(Scale(2, 0.5), 3, 1.5, 1, {1: 2.0})])
            group.append(4000, rows, np.array([1.5, STALE]), HistogramGrid(cells, np.array([[0], [-1]])))
            store.keep_exemplars([Exemplar(Labels({"__name__": "m"}), Labels({"id": "x"}), 1.0, 3000)])
            await until(lambda: it.count("samples_total") == 13 and it.count("exemplars_total") == 1)
            assert it.count("histograms_total") == 1
            assert it.count("highest_timestamp_in_seconds") == 4
            assert it.count("queue_highest_sent_timestamp_seconds") == 4
            assert it.count("bytes_total") == sum(len(body) for _, body in receiving.requests)
            assert it.count("sent_batch_duration_seconds_count") == len(receiving.requests)

    asyncio.run(run())
    ours = {series: [each for each in samples if each[0] > 1000] for series, samples in content(store).items()}
    assert content(receiving.store) == ours and len(ours) == 9
    headers = receiving.requests[0][0]
    assert headers["content-encoding"] == "snappy" and headers["user-agent"].startswith("Hivesight/")
    assert headers["x-prometheus-remote-write-version"] == ("2.0.0" if more else "0.1.0")
    if more:
        assert receiving.store.metadata() == KNOWN


def test_labels_are_added_and_rewritten(store: Tsdb, receiving: Receiving, tmp_path: Path) -> None:
    rules = "[{action: drop, source_labels: [i], regex: '[12]'}, {target_label: via, replacement: x}]"
    more = f"headers: {{X-Scope-OrgID: us}}, write_relabel_configs: {rules}"

    async def run() -> None:
        async with sending(store, tmp_path / "w") as it:
            await it.to(config(receiving.url, more), Labels({"hive": "east", "key": "no"}))
            scrape(store, 1000, series=3)
            await until(lambda: it.count("samples_total") == 1)
            assert it.count("samples_dropped_total", reason="dropped_series") == 2

    asyncio.run(run())
    assert list(content(receiving.store)) == ['m{hive="east", i="0", key="a", via="x"}']
    assert receiving.requests[0][0]["x-scope-orgid"] == "us"


def test_histograms_that_are_not_wanted_or_cannot_be_told(store: Tsdb, receiving: Receiving, tmp_path: Path) -> None:
    cells = cells_of([Histogram(Scale(CUSTOM, 0.0, (1.0,)), 1, 0.5, 0, {0: 1.0}), Histogram(Scale(0), 1, 1, 1)])

    async def run() -> None:
        async with sending(store, tmp_path / "w") as it:
            both = [
                *config(receiving.url, "name: off"),
                *config(receiving.url, "name: on, send_native_histograms: true"),
            ]
            await it.to(both)
            group = store.group("a")
            rows = group.register([Labels({"__name__": name}) for name in ("custom", "exponential", "float")])
            group.append(1000, rows, np.array([0.5, 1.0, 7.0]), HistogramGrid(cells, np.array([[0], [1], [-1]])))
            await until(lambda: it.count("samples_total") == 2)
            assert it.count("histograms_total", remote_name="off") == 0
            assert it.count("histograms_total", remote_name="on") == 1
            assert it.count("histograms_dropped_total", remote_name="on", reason="nhcb_in_rw1_not_supported") == 1

    asyncio.run(run())
    assert set(content(receiving.store)) == {"exponential", "float"}


@pytest.mark.parametrize(("status", "queue"), [(500, ""), (503, ""), (429, "retry_on_http_429: true")])
def test_what_fails_for_now_is_sent_again(
    store: Tsdb, receiving: Receiving, tmp_path: Path, status: int, queue: str
) -> None:
    receiving.status = status

    async def run() -> None:
        async with sending(store, tmp_path / "w") as it:
            await it.to(config(receiving.url, queue=queue))
            scrape(store, 1000)
            await until(lambda: len(receiving.requests) > 2)
            for time in range(2000, 50_000, 1000):
                scrape(store, time)
            assert it.count("samples_total") == 0 and it.count("samples_pending") == 5
            receiving.status = 204
            await until(lambda: it.count("samples_total") == 5 * 49)
            assert it.count("samples_retried_total") >= 10 and it.count("samples_failed_total") == 0

    with capture_logs() as logs:
        asyncio.run(run())
    assert content(receiving.store) == content(store)
    assert receiving.requests[1][0]["retry-attempt"] == "1" and receiving.requests[0][1] == receiving.requests[2][1]
    said = [each["event"] for each in logs if "be sent again" in each["event"] or "are sent again" in each["event"]]
    assert said == ["samples could not be sent, they are sent again", "samples can be sent again"]


@pytest.mark.parametrize("status", [400, 404, 413, 429])
def test_what_is_refused_for_good_is_dropped(store: Tsdb, receiving: Receiving, tmp_path: Path, status: int) -> None:
    receiving.status = status

    async def run() -> None:
        async with sending(store, tmp_path / "w") as it:
            await it.to(config(receiving.url))
            scrape(store, 1000)
            await until(lambda: it.count("samples_failed_total") == 5)
            receiving.status = 204
            scrape(store, 2000)
            await until(lambda: it.count("samples_total") == 5)

    with capture_logs():
        asyncio.run(run())
    assert {time for samples in content(receiving.store).values() for time, _ in samples} == {2000}


def test_success_without_a_word_of_what_was_written_is_none(store: Tsdb, receiving: Receiving, tmp_path: Path) -> None:
    receiving.confirms = False

    async def run() -> None:
        async with sending(store, tmp_path / "w") as it:
            await it.to(config(receiving.url, V2))
            scrape(store, 1000)
            await until(lambda: it.count("samples_failed_total") == 5)

    with capture_logs() as logs:
        asyncio.run(run())
    assert any("may know 1.0 alone" in str(each) for each in logs)


def test_a_killed_process_makes_the_same_requests_again(store: Tsdb, receiving: Receiving, tmp_path: Path) -> None:
    receiving.status = 500
    queue = "max_samples_per_send: 3, min_shards: 2"

    async def run() -> None:
        async with sending(store, tmp_path / "w", killed=True) as it:
            await it.to(config(receiving.url, queue=queue))
            scrape(store, 1000)
            await until(lambda: len(receiving.requests) > 2)
        first = {body for _, body in receiving.requests}
        receiving.requests.clear()
        scrape(store, 2000)
        async with sending(store, tmp_path / "w", killed=True) as it:
            await it.to(config(receiving.url, queue=queue))
            await until(lambda: len(receiving.requests) > 2)
            assert {body for _, body in receiving.requests} == first
            assert it.count("samples_pending") == 5
            assert unread_segment(tmp_path / "w") == 1
            receiving.status = 204
            await until(lambda: it.count("samples_total") == 10)

    with capture_logs():
        asyncio.run(run())
    assert content(receiving.store) == content(store)


def test_a_new_configuration_goes_on_where_the_old_one_was(store: Tsdb, receiving: Receiving, tmp_path: Path) -> None:
    async def run() -> None:
        async with sending(store, tmp_path / "w") as it:
            await it.to(config(receiving.url))
            for time in range(1000, 30_000, 1000):
                scrape(store, time)
                if time % 5000 == 0:
                    await it.to(config(receiving.url, queue=f"capacity: {time}"))
            await until(lambda: content(receiving.store) == content(store))
            await it.to([])
            assert it.count("samples_total") == 0 and list((tmp_path / "w").iterdir()) == []
            scrape(store, 50_000)
            await it.to(config(receiving.url))
            scrape(store, 60_000)
            await until(lambda: it.count("samples_total") == 5)

    asyncio.run(run())
    assert {time for samples in content(receiving.store).values() for time, _ in samples} >= {29_000, 60_000}
    assert 50_000 not in {time for samples in content(receiving.store).values() for time, _ in samples}


def test_shards_go_at_once_and_keep_the_order_of_a_series(store: Tsdb, receiving: Receiving, tmp_path: Path) -> None:
    async def run() -> None:
        async with sending(store, tmp_path / "w") as it:
            await it.to(
                config(receiving.url, queue="max_samples_per_send: 10, capacity: 40, min_shards: 4, max_shards: 4")
            )
            for time in range(1000, 20_000, 1000):
                scrape(store, time, series=50)
            await until(lambda: it.count("samples_total") == 50 * 19)
            assert it.count("samples_failed_total") == 0 and it.count("shards") == 4

    asyncio.run(run())
    # The receiver takes nothing that is older than what it has.
    assert content(receiving.store) == content(store)
    assert receiving.most_together > 1


def test_what_is_too_old_is_left_out(store: Tsdb, receiving: Receiving, tmp_path: Path) -> None:
    now = SystemClock().now_ms()

    async def run() -> None:
        async with sending(store, tmp_path / "w") as it:
            await it.to(config(receiving.url, queue="sample_age_limit: 1h"))
            scrape(store, now - 7_200_000)
            scrape(store, now)
            await until(lambda: it.count("samples_total") == 5)
            assert it.count("samples_dropped_total", reason="too_old") == 5

    asyncio.run(run())
    assert {time for samples in content(receiving.store).values() for time, _ in samples} == {now}


def test_metadata_is_sent_beside_samples(store: Tsdb, receiving: Receiving, tmp_path: Path) -> None:
    async def run() -> None:
        async with sending(store, tmp_path / "w") as it:
            await it.to(config(receiving.url, "metadata_config: {send_interval: 10ms}"))
            await until(lambda: it.count("metadata_total") > 1)

    asyncio.run(run())
    assert receiving.store.metadata() == KNOWN


def test_a_later_answer_waits_as_long_as_it_was_told(store: Tsdb, receiving: Receiving, tmp_path: Path) -> None:
    receiving.status, receiving.headers = 503, {"Retry-After": "60"}

    async def run() -> None:
        async with sending(store, tmp_path / "w", killed=True) as it:
            await it.to(config(receiving.url))
            scrape(store, 1000)
            await until(lambda: receiving.requests)
            await asyncio.sleep(0.1)
            assert len(receiving.requests) == 1

    with capture_logs():
        asyncio.run(run())


def test_bookmarks_that_cannot_be_read_begin_anew(store: Tsdb, receiving: Receiving, tmp_path: Path) -> None:
    async def run() -> None:
        async with sending(store, tmp_path / "w") as it:
            await it.to(config(receiving.url))
        (path,) = (tmp_path / "w").iterdir()
        path.write_text('{"begin": 7}')
        scrape(store, 1000)
        async with sending(store, tmp_path / "w") as it:
            await it.to(config(receiving.url))
            scrape(store, 2000)
            await until(lambda: it.count("samples_total") == 5)

    with capture_logs() as logs:
        asyncio.run(run())
    assert any("only those from now on" in each["event"] for each in logs)


def test_there_are_as_many_shards_as_keep_up() -> None:
    shards = Shards(QueueConfig(min_shards=1, max_shards=6, max_samples_per_send=10, capacity=100))
    counts = []
    for size, behind in [(50, False), (100, True), (200, True), (400, True), (600, True), (450, False), (10, False)]:
        shards.after(size, behind=behind)
        counts.append((shards.count, shards.desired))
    assert counts == [(1, 1), (2, 2), (4, 4), (6, 8), (6, 12), (5, 5), (1, 1)]


def test_unreadable_folders_are_told(receiving: Receiving, store: Tsdb, tmp_path: Path) -> None:
    (tmp_path / "w").write_text("in the way")

    async def run() -> None:
        async with sending(store, tmp_path / "w") as it:
            await it.to(config(receiving.url))

    with pytest.raises(Exception, match="make it writable"):
        asyncio.run(run())
