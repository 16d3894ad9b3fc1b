"""The same file and targets, read by a real Prometheus and by us into the real store: the same series come out."""

import asyncio
import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from hivesight.model.clock import SystemClock
from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher, MatchType
from hivesight.sources.manager import ScrapeManager
from hivesight.sources.reading import read
from hivesight.storage.tsdb.limits import Limits
from hivesight.storage.tsdb.tsdb import Tsdb
from sources.recording import http_server, respond

EXPOSED = r"""# HELP a Text.
# TYPE a counter
a{job="own",instance="me"} 1
b{exported_job="x",job="y"} 2
escaped{v="a\"b\\c\nd\q"} 3
twice 1
twice 2
empty{x=""} 5
nan NaN
inf +Inf
drop_me 1
old_name{l="V"} 4
blanks { a = "b" , }   7
utf{a="grün"} 1
"""
BODIES = {
    "/metrics": EXPOSED,
    "/bad": 'a 1\nb{x="',
    "/half": "a 1\nb 2",
    "/empty": "",
}
CONFIG = """
global: {{scrape_interval: 1s}}
scrape_configs:
- job_name: plain
  static_configs: [{{targets: ['{address}']}}]
- job_name: relabelled
  static_configs: [{{targets: ['{address}']}}]
  metric_relabel_configs:
  - {{action: drop, source_labels: [__name__], regex: drop_.*}}
  - {{source_labels: [__name__], regex: 'old_(.*)', target_label: __name__, replacement: 'new_$1'}}
  - {{action: lowercase, source_labels: [l], target_label: l}}
  - {{action: labelmap, regex: 'exported_(.+)', replacement: 'was_${{1}}'}}
  - {{action: hashmod, source_labels: [__name__, l], modulus: 17, target_label: shard}}
- job_name: honoured
  honor_labels: true
  static_configs: [{{targets: ['{address}'], labels: {{x: y}}}}]
- job_name: timed
  metrics_path: /timed
  static_configs: [{{targets: ['{address}']}}]
- job_name: bad
  metrics_path: /bad
  static_configs: [{{targets: ['{address}', '127.0.0.1:1']}}]
- job_name: limited
  sample_limit: 3
  static_configs: [{{targets: ['{address}']}}]
- job_name: found
  params: {{a: [b, c]}}
  file_sd_configs: [{{files: [targets.json]}}]
  relabel_configs:
  - {{action: labelmap, regex: __meta_(foo)}}
  - {{source_labels: [__address__], regex: '(.*):(.*)', target_label: port, replacement: '$2'}}
  - {{source_labels: [__metrics_path__], target_label: path}}
  - {{action: drop, source_labels: [path], regex: /empty}}
"""
TARGETS = [
    {"targets": ["{address}"], "labels": {"__metrics_path__": "/half", "env": "x", "__meta_foo": "bar"}},
    {"targets": ["{address}"], "labels": {"__metrics_path__": "/empty"}},
]
Targets = set[tuple[str, str, Labels]]


def test_the_same_series_come_out(tmp_path: Path) -> None:
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("needs the Debian package prometheus")
    file = tmp_path / "prometheus.yml"
    # Of now, and not of when the tests were gathered: Prometheus looks back for five minutes.
    bodies = {**BODIES, "/timed": f'timed{{a="b"}} 5 {int(time.time() * 1000) - 1500}\n'}

    def answer(handler: BaseHTTPRequestHandler) -> None:
        respond(handler, bodies[handler.path.partition("?")[0]].encode())

    with http_server(answer) as address:
        file.write_text(CONFIG.format(address=address), encoding="utf-8")
        (tmp_path / "targets.json").write_text(json.dumps(TARGETS).replace("{address}", address), encoding="utf-8")
        with prometheus(program, file) as api:
            ours, our_targets = asyncio.run(scraped(file))
            theirs, their_targets = until_all_is_there(api, len(ours))
    assert our_targets == their_targets
    assert ours.keys() == theirs.keys()
    for labels, value in ours.items():
        if labels.name != "scrape_duration_seconds":
            assert value == pytest.approx(theirs[labels], nan_ok=True), str(labels)


async def scraped(file: Path) -> tuple[dict[Labels, float], Targets]:
    """What our store holds once every target has been scraped twice, so that no series is new any more."""
    loaded = read(file)
    assert loaded.value is not None and loaded.diagnostics == ()
    store = Tsdb.open(file.parent / "ours", clock=SystemClock(), retention_ms=None, limits=Limits())
    with ThreadPoolExecutor(2) as executor:
        manager = ScrapeManager(store, SystemClock(), executor)
        await manager.apply(loaded.value)
        everything = [Matcher("job", MatchType.REGEX, ".*")]
        for _ in range(100):
            await asyncio.sleep(0.05)
            blocks = store.select([Matcher("__name__", MatchType.EQUAL, "up")], 0, 1 << 60)
            if len(blocks) == len(manager.active_targets()) and all(len(each.times) > 1 for each in blocks):
                break
        found = {
            labels: float(values[-1])
            for block in store.select(everything, 0, 1 << 60)
            for labels, values in zip(block.labels.all_labels(), block.values, strict=True)
        }
        targets = {(each.target.url, str(each.health), each.labels) for each in manager.active_targets()}
        await manager.close()
    store.close()
    return found, targets


@contextmanager
def prometheus(program: str, file: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    process = subprocess.Popen(
        [
            program,
            f"--config.file={file}",
            f"--storage.tsdb.path={file.parent / 'theirs'}",
            f"--web.listen-address={address}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://{address}/api/v1"
    finally:
        process.terminate()
        process.wait()


def until_all_is_there(api: str, count: int) -> tuple[dict[Labels, float], Targets]:
    found: dict[Labels, float] = {}
    targets: Targets = set()
    for _ in range(200):
        time.sleep(0.05)
        try:
            result = ask(f"{api}/query?query=%7B__name__%3D~%22.%2B%22%7D")["result"]
            active = ask(f"{api}/targets")["activeTargets"]
        except OSError:
            continue
        found = {Labels(each["metric"]): float(each["value"][1]) for each in result}
        targets = {(each["scrapeUrl"], each["health"], Labels(each["labels"])) for each in active}
        settled = all(value == 0 for labels, value in found.items() if labels.name == "scrape_series_added")
        if len(found) >= count and settled:
            break
    return found, targets


def ask(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as response:
        return json.load(response)["data"]
