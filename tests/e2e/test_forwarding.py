"""Samples that are sent on arrive in Debian's Prometheus as they are here, though the sender is killed and the receiver
is away for a while."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from e2e.running import Counting, Server, eventually, free_port

Raw = dict[str, list[tuple[float, str]]]

CONFIGURATION = """
global: {{scrape_interval: 200ms, evaluation_interval: 200ms, external_labels: {{hive: east}}}}
rule_files: [rules.yml]
scrape_configs: [{{job_name: hive, static_configs: [{{targets: ['{target}']}}]}}]
remote_write: [{{url: '{receiver}/api/v1/write', queue_config: {{batch_send_deadline: 100ms, max_backoff: 200ms}}}}]
"""
RULES = "groups: [{name: g, rules: [{record: 'job:up:sum', expr: 'sum by (job) (up)'}]}]\n"


@contextmanager
def receiving(directory: Path, port: int) -> Iterator[str]:
    """Prometheus with a port that stays the same, so that it can go and come back."""
    directory.mkdir(exist_ok=True)
    (directory / "prometheus.yml").write_text("global: {scrape_interval: 1h}\n")
    command = ["prometheus", f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/data"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver"]
    with (directory / "log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        eventually(lambda: httpx2.get(url + "/-/ready").status_code == 200, 20, "Prometheus is ready")
        yield url
    finally:
        process.terminate()
        process.wait(20)


def raw(url: str, **external: str) -> Raw:
    """Every sample of what was scraped and what rules made, as text."""
    selector = '{__name__=~"up|job:up:sum|scrapes_total",job="hive"}[5m]'
    answer = httpx2.get(url + "/api/v1/query", params={"query": selector}).json()
    return {
        str(sorted((each["metric"] | external).items())): [(float(time), value) for time, value in each["values"]]
        for each in answer["data"]["result"]
    }


def test_samples_arrive_as_they_are(tmp_path: Path, target: Counting) -> None:
    if shutil.which("prometheus") is None:
        pytest.skip("needs Prometheus: apt-get install prometheus")
    port, folder = free_port(), tmp_path / "sender"
    folder.mkdir()
    (folder / "rules.yml").write_text(RULES)
    receiver = f"http://127.0.0.1:{port}"
    (folder / "prometheus.yml").write_text(CONFIGURATION.format(target=target.address, receiver=receiver))
    arguments = ("--prometheus-config", str(folder / "prometheus.yml"))
    server = Server(folder, *arguments)
    try:
        server.ready()
        with receiving(tmp_path / "receiver", port):
            eventually(lambda: raw(receiver), 20, "samples arrive")
        behind = "prometheus_remote_storage_samples_retried_total > 0"
        eventually(lambda: server.value(behind), 30, "the receiver is missed")
        server.stop(signal.SIGKILL)
        server = Server(folder, *arguments, port=server.port).ready()
        with receiving(tmp_path / "receiver", port):
            # What is stored from here on is of no interest: both sides are compared up to the moment.
            ours = eventually(lambda: raw(server.url, hive="east"), 10, "samples are here")
            assert len(ours) == 3

            def arrived() -> bool:
                theirs = raw(receiver)
                return all(set(samples) <= set(theirs.get(series, [])) for series, samples in ours.items())

            eventually(arrived, 30, "everything arrives")
    finally:
        server.stop()
