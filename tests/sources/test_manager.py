"""Targets come, are scraped in time, and go: the manager with a clock that is turned by hand."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry

from hivesight.model.labels import NO_LABELS, Labels
from hivesight.sources.config import PrometheusFile, ScrapeConfig
from hivesight.sources.discoveries import SdConfig
from hivesight.sources.fetch import Fetched, LocalSource, Outcome, ScrapeError
from hivesight.sources.manager import ScrapeManager
from hivesight.sources.reading import read_text
from hivesight.sources.scrape import Health, phase_ms
from hivesight.sources.sd_config import HttpSdConfig
from hivesight.sources.target import KEY_PREFIX, Target, TargetGroup, local_target
from sources.recording import STALE, START_MS, HandClock, Inline, Recorder, settled


class Found:
    """A Discovery that finds what a test says."""

    def __init__(self) -> None:
        self.revision = 0
        self.synced = False
        self.running = False
        self.closed = False
        self.addresses: tuple[str, ...] = ()

    def says(self, *addresses: str) -> None:
        self.addresses, self.synced = addresses, True
        self.revision += 1

    def groups(self) -> list[TargetGroup]:
        return [TargetGroup(self.addresses, NO_LABELS, "found")]

    async def run(self) -> None:
        self.running = True
        try:
            await asyncio.Event().wait()
        finally:
            self.running = False

    async def close(self) -> None:
        self.closed = True


class Bench:
    """A manager whose targets answer with `answers[address]`, at once or after `slow[address]` seconds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Recorder()
        self.clock = HandClock()
        self.answers: dict[str, bytes] = {}
        self.slow: dict[str, float] = {}
        self.fetches: list[tuple[int, str]] = []
        self.closed = 0
        self.found: dict[str, Found] = {}
        self.registry = CollectorRegistry()
        self.manager = ScrapeManager(
            appender=self.store,
            clock=self.clock,
            executor=Inline(),
            registry=self.registry,
            fetching=lambda config, executor: self,
            discovering=self.discover,
            sleep=self.clock.sleep,
        )

    def discover(self, config: SdConfig) -> "Found":
        assert isinstance(config, HttpSdConfig)
        self.found[config.url] = Found()
        return self.found[config.url]

    async def __call__(self, target: Target) -> Fetched:
        address = target.url.split("/")[2]
        self.fetches.append((self.clock.now_ms(), address))
        if address in self.slow:
            await self.clock.sleep(self.slow[address])
        if address not in self.answers:
            raise ScrapeError(Outcome.CONNECTION, "connection refused")
        return Fetched(self.answers[address], "text/plain")

    async def close(self) -> None:
        self.closed += 1

    async def apply(self, text: str, *local: LocalSource) -> None:
        await self.manager.apply(self.read(text), local)
        await settled()

    def read(self, text: str) -> PrometheusFile:
        loaded = read_text(text, self.folder / "prometheus.yml")
        assert loaded.value is not None, loaded.diagnostics
        return loaded.value

    def health(self) -> Mapping[str, Health]:
        return {each.labels["instance"]: each.health for each in self.manager.active_targets()}

    def samples(self, address: str, series: str) -> list[float | str]:
        """The values of a series of a target, in order of time."""
        (group,) = [each for key, each in self.store.groups.items() if f"http://{address}/" in key]
        return [
            value for _, samples in group.samples for name, value in samples.items() if name.partition("{")[0] == series
        ]

    def times(self, address: str) -> list[int]:
        (group,) = [each for key, each in self.store.groups.items() if f"http://{address}/" in key]
        return [time_ms for time_ms, _ in group.samples]


def run(folder: Path, scenario: Callable[[Bench], Awaitable[None]]) -> Bench:
    async def main() -> Bench:
        bench = Bench(folder)
        await scenario(bench)
        await bench.manager.close()
        assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []
        return bench

    return asyncio.run(main())


TWO = """
global: {scrape_interval: 10s}
scrape_configs:
- job_name: a
  static_configs: [{targets: ['a:1', 'b:1']}]
"""


def test_targets_are_scraped_at_once_and_then_on_their_grid(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answers = {"a:1": b"m 1\n", "b:1": b"m 2\n"}
        await bench.apply(TWO)
        assert bench.health() == {"a:1": Health.UNKNOWN, "b:1": Health.UNKNOWN}
        await bench.clock.run_for(2)
        assert bench.health() == {"a:1": Health.UP, "b:1": Health.UP}
        await bench.clock.run_for(60)

    bench = run(tmp_path, scenario)
    phases = set[int]()
    for address in ("a:1", "b:1"):
        first, *others = bench.times(address)
        assert START_MS <= first < START_MS + 2000
        assert len({each % 10_000 for each in others}) == 1
        assert [each - others[0] for each in others] == [10_000 * n for n in range(len(others))]
        assert 6 <= len(others) <= 7
        phases.add(others[0] % 10_000)
    assert len(phases) == 2
    assert bench.registry.get_sample_value("hivesight_scrapes_total", {"outcome": "ok"}) == len(bench.fetches)


def test_phases_are_spread() -> None:
    phases = [phase_ms(f"target {number}", 10_000) for number in range(1000)]
    assert all(0 <= each < 10_000 for each in phases)
    for tenth in range(10):
        assert 50 < sum(each // 1000 == tenth for each in phases) < 150


def test_a_target_goes_down_and_comes_back(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answers = {"a:1": b"m 1\n", "b:1": b"m 2\n"}
        await bench.apply(TWO)
        await bench.clock.run_for(5)
        answer = bench.answers.pop("b:1")
        await bench.clock.run_for(20)
        (status,) = [each for each in bench.manager.active_targets() if each.labels["instance"] == "b:1"]
        assert (status.health, status.last_error) == (Health.DOWN, "connection refused")
        assert bench.health()["a:1"] is Health.UP
        bench.answers["b:1"] = answer
        await bench.clock.run_for(15)
        assert bench.health()["b:1"] is Health.UP

    bench = run(tmp_path, scenario)
    assert STALE in bench.samples("b:1", "m")
    assert 0.0 in bench.samples("b:1", "up")
    assert STALE not in bench.samples("a:1", "m") + bench.samples("a:1", "up")


def test_a_full_disk_is_told_and_passes(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answers = {"a:1": b"m 1\n", "b:1": b"m 2\n"}
        await bench.apply(TWO)
        await bench.clock.run_for(5)
        bench.store.full = True
        await bench.clock.run_for(15)
        errors = {each.last_error for each in bench.manager.active_targets()}
        assert errors == {"the metrics store takes no samples: no space left on the device"}
        bench.store.full = False
        await bench.clock.run_for(15)
        assert set(bench.health().values()) == {Health.UP}

    run(tmp_path, scenario)


def test_a_reload_keeps_what_is_the_same(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answers = {"a:1": b"m 1\n", "b:1": b"m 2\n", "c:1": b"m 3\n"}
        await bench.apply(TWO)
        await bench.clock.run_for(30)
        before = [each.last_scrape_ms for each in bench.manager.active_targets()]
        await bench.apply(TWO)
        assert [each.last_scrape_ms for each in bench.manager.active_targets()] == before
        await bench.apply(TWO.replace("'b:1'", "'c:1'"))
        assert sorted(bench.health()) == ["a:1", "c:1"]
        assert bench.samples("b:1", "m")[-1] == STALE
        assert bench.samples("b:1", "up")[-1] == STALE
        assert bench.closed == 0
        await bench.clock.run_for(30)

    bench = run(tmp_path, scenario)
    # The loop of the target that stayed went on undisturbed: no start of a new one shows in its times.
    _, *grid = bench.times("a:1")
    assert [each - grid[0] for each in grid] == [10_000 * n for n in range(len(grid))]
    assert STALE not in bench.samples("a:1", "m")
    assert bench.samples("a:1", "scrape_series_added")[1:] == [0.0] * len(grid)
    assert bench.closed == 1


def test_other_settings_of_a_job_leave_no_gap(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answers = {"a:1": b"m 1\nn 1\n", "b:1": b"m 2\n"}
        await bench.apply(TWO)
        await bench.clock.run_for(30)
        await bench.apply(
            TWO.replace(
                "- job_name: a",
                "- job_name: a\n  metric_relabel_configs: [{action: drop, source_labels: [__name__], regex: n}]",
            )
        )
        assert bench.health()["a:1"] is Health.UP
        await bench.clock.run_for(30)
        assert bench.closed == 1

    bench = run(tmp_path, scenario)
    assert set(bench.samples("a:1", "m")) == {1.0}
    values = bench.samples("a:1", "n")
    assert values.count(STALE) == 1 and values[-1] == STALE


def test_a_job_that_is_gone_ends(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answers = {"a:1": b"m 1\n", "b:1": b"m 2\n"}
        await bench.apply(TWO)
        await bench.clock.run_for(15)
        await bench.apply("scrape_configs: []")
        assert bench.manager.active_targets() == []
        await bench.clock.run_for(30)

    bench = run(tmp_path, scenario)
    assert bench.samples("a:1", "m")[-1] == STALE == bench.samples("b:1", "up")[-1]
    assert bench.registry.get_sample_value("hivesight_scrape_targets") == 0


def test_a_stop_ends_no_series(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answers = {"a:1": b"m 1\n", "b:1": b"m 2\n"}
        await bench.apply(TWO)
        await bench.clock.run_for(15)

    bench = run(tmp_path, scenario)
    assert STALE not in bench.samples("a:1", "m") + bench.samples("a:1", "up")


def test_targets_of_a_file_appear_and_vanish(tmp_path: Path) -> None:
    file = tmp_path / "t.yml"

    async def scenario(bench: Bench) -> None:
        bench.answers = {"a:1": b"m 1\n"}
        await bench.apply(
            "global: {scrape_interval: 10s}\nscrape_configs: [{job_name: f, file_sd_configs: [{files: [t.yml]}]}]"
        )
        await bench.clock.run_for(5)
        assert bench.health() == {}
        file.write_text("- targets: ['a:1']\n  labels: {env: x}\n", encoding="utf-8")
        await bench.clock.run_for(4)
        assert bench.health() == {"a:1": Health.UP}
        assert bench.manager.active_targets()[0].labels["env"] == "x"
        file.write_text("- targets: ['a:1'\n", encoding="utf-8")
        await bench.clock.run_for(5)
        assert bench.health() == {"a:1": Health.UP}
        file.write_text("[]\n", encoding="utf-8")
        await bench.clock.run_for(3)
        assert bench.health() == {}

    bench = run(tmp_path, scenario)
    assert bench.samples("a:1", "up")[-1] == STALE


def test_dropped_targets_and_limits(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answers = {"a:1": b"m 1\n", "b:1": b"m 2\n"}
        await bench.apply(TWO + "  relabel_configs: [{action: drop, source_labels: [__address__], regex: 'b:1'}]\n")
        await bench.clock.run_for(5)
        assert list(bench.health()) == ["a:1"]
        assert [each.discovered["__address__"] for each in bench.manager.dropped_targets()] == ["b:1"]
        assert bench.manager.dropped_counts() == {"a": 1}
        await bench.apply(TWO + "  target_limit: 1\n")
        await bench.clock.run_for(15)
        assert {each.last_error for each in bench.manager.active_targets()} == {
            "target_limit exceeded (number of targets: 2, limit: 1)"
        }

    run(tmp_path, scenario)


def test_a_scrape_that_takes_too_long_is_not_overtaken(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answers = {"a:1": b"m 1\n", "b:1": b"m 2\n"}
        bench.slow = {"a:1": 25.0}
        await bench.apply(TWO)
        await bench.clock.run_for(120)

    bench = run(tmp_path, scenario)
    times = [time_ms for time_ms, address in bench.fetches if address == "a:1"]
    assert all(after - before >= 25_000 for before, after in itertools.pairwise(times))
    assert (bench.registry.get_sample_value("hivesight_scrapes_skipped_total") or 0) > 0
    assert bench.health() == {} and len(bench.times("b:1")) > 10


def test_a_clock_that_is_set_back(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        await bench.apply(TWO.replace(", 'b:1'", ""))
        await bench.clock.run_for(30)
        count = len(bench.fetches)
        bench.clock.time_ms -= 3_600_000
        # Those who sleep are woken by the machine's other clock, which was not set.
        bench.clock._sleepers = [(when - 3_600_000, order, future) for when, order, future in bench.clock._sleepers]
        bench.store.groups.clear()
        await bench.clock.run_for(60)
        assert len(bench.fetches) - count >= 5

    run(tmp_path, scenario)


def test_a_fault_of_ours_is_contained(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answers = {"a:1": b"m 1\n", "b:1": b"m 2\n"}
        await bench.apply(TWO)
        await bench.clock.run_for(5)
        bench.answers["a:1"] = None  # type: ignore[assignment]
        await bench.clock.run_for(15)
        assert bench.health() == {"a:1": Health.DOWN, "b:1": Health.UP}
        bench.answers["a:1"] = b"m 1\n"
        await bench.clock.run_for(15)
        assert bench.health()["a:1"] is Health.UP

    bench = run(tmp_path, scenario)
    assert (bench.registry.get_sample_value("hivesight_scrape_loop_errors_total") or 0) >= 1


def test_a_target_inside_of_this_process(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        source = LocalSource(
            local_target("hivesight", "me", "http://me/metrics", 10_000, Labels({"x": "y"})),
            lambda: b"# TYPE own gauge\nown 1\n",
        )
        await bench.apply(TWO, source)
        await bench.clock.run_for(30)
        (status,) = [each for each in bench.manager.active_targets() if each.labels["job"] == "hivesight"]
        assert status.labels == {"job": "hivesight", "instance": "me", "x": "y"}
        assert (status.health, status.target.url) == (Health.UP, "http://me/metrics")
        metadata = {target.url: dict(found) for target, found in bench.manager.metadata()}
        assert metadata["http://me/metrics"]["own"].type == "gauge"
        await bench.apply(TWO, source)
        assert STALE not in bench.samples("me", "own")
        await bench.apply(TWO)
        assert bench.samples("me", "own")[-1] == STALE

    run(tmp_path, scenario)


def test_defaults_of_a_config_made_by_hand(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        config = ScrapeConfig(job_name="x", scrape_interval_ms=10_000, scrape_timeout_ms=10_000)
        await bench.manager.apply(PrometheusFile(scrape_configs=(config,)))
        assert bench.manager.active_targets() == []

    run(tmp_path, scenario)


def test_what_is_not_scraped_any_more_is_known_by_its_key(tmp_path: Path) -> None:
    async def story() -> None:
        bench = Bench(tmp_path)
        await bench.apply("scrape_configs: [{job_name: a, static_configs: [{targets: ['h:1']}]}]")
        (status,) = bench.manager.active_targets()
        vanished, key = bench.manager.vanished(), status.target.key
        assert not vanished(key) and not vanished(f'{key}\nx{{a="b"}}')
        assert vanished(f"{key}2") and vanished(key.replace("h:1", "h:2"))
        assert not vanished("rules/r.yml/g/A")
        await bench.manager.close()

    asyncio.run(story())


def found_by(*urls: str, interval: str = "10s") -> str:
    entries = ", ".join(f"{{url: 'http://{url}/'}}" for url in urls)
    return f"""
global: {{scrape_interval: {interval}}}
scrape_configs: [{{job_name: h, http_sd_configs: [{entries}]}}]
"""


def test_targets_that_are_discovered_come_and_go(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        bench.answers = dict.fromkeys(("a:1", "b:1", "c:1"), b"m 1\n")
        await bench.apply(found_by("x", "y"))
        x, y = bench.found["http://x/"], bench.found["http://y/"]
        assert x.running and bench.health() == {}
        x.says("a:1")
        y.says("b:1")
        await bench.clock.run_for(1)
        assert set(bench.health()) == {"a:1", "b:1"}
        x.says("c:1")
        await bench.clock.run_for(4)
        assert set(bench.health()) == {"a:1", "b:1"}
        await bench.clock.run_for(1)
        assert set(bench.health()) == {"b:1", "c:1"}
        # An entry that stays goes on with what it knows; one that is gone ends.
        await bench.apply(found_by("y", "z", interval="20s"))
        assert bench.found["http://y/"] is y and y.running and not x.running and x.closed
        assert set(bench.health()) == {"b:1"}
        await bench.apply("")
        assert bench.health() == {} and not y.running and bench.found["http://z/"].closed

    run(tmp_path, scenario)


def test_a_discovery_that_has_not_answered_ends_no_series(tmp_path: Path) -> None:
    async def scenario(bench: Bench) -> None:
        await bench.apply(found_by("x"))
        mine, other = f"{KEY_PREFIX}h\n{{}}\nhttp://a:1/metrics", f"{KEY_PREFIX}gone\n{{}}\nhttp://a:1/metrics"
        assert not bench.manager.vanished()(mine) and bench.manager.vanished()(other)
        bench.found["http://x/"].says()
        assert bench.manager.vanished()(mine)

    run(tmp_path, scenario)


def test_failed_scrapes_are_written_to_the_files_of_their_jobs(tmp_path: Path) -> None:
    text = """
global: {scrape_interval: 10s, scrape_failure_log_file: all.log}
scrape_configs:
- {job_name: a, static_configs: [{targets: ['a:1']}]}
- {job_name: b, static_configs: [{targets: ['b:1']}], scrape_failure_log_file: b.log}
"""

    async def scenario(bench: Bench) -> None:
        await bench.apply(text)
        await bench.clock.run_for(12)

    run(tmp_path, scenario)
    shared, own = ((tmp_path / name).read_text(encoding="utf-8") for name in ("all.log", "b.log"))
    assert (
        shared.count("\n") == 2 and '"msg":"connection refused","job_name":"a","target":"http://a:1/metrics"' in shared
    )
    assert own.count('"job_name":"b"') == own.count("\n") == 2
