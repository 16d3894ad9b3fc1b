"""The demo's hive, scraped by a real Prometheus and by us with the same files: its families have data in both."""

import shutil
from pathlib import Path

import httpx2
import pytest

from agent_hive.learning import ENOUGH, OnlineClassifier
from e2e.running import eventually, prometheus, serving
from e2e.test_demo import shortened
from hivesight import pack
from hivesight_sdk import semconv

NOT_IN_HEALTH = (
    "agent_hive_job_",  # of batch jobs, and nothing in the hive is one
    "agent_hive_log_redactions_",  # there is no secret in its logs
    "agent_hive_sdk_export",  # it sends no traces unless told where to
)


def judged(state: Path) -> None:
    """A learner that has judged enough guesses to tell how right it is."""
    learner = OnlineClassifier()
    for _ in range(ENOUGH):
        learner.learn([1.0] * 5, 0, 0)
    state.mkdir(parents=True)
    learner.save(state / "learner.json")


def lacking(url: str) -> set[str]:
    """The families without a sample there."""
    query = {"query": 'count by (__name__) ({__name__=~"agent_hive_.+"})'}
    answer = httpx2.get(f"{url}/api/v1/query", params=query).raise_for_status().json()
    found = {series["metric"]["__name__"].removesuffix("_count") for series in answer["data"]["result"]}
    wanted = {family.name for family in semconv.FAMILIES if not family.name.startswith(NOT_IN_HEALTH)}
    return wanted - found


def test_every_family_has_data_in_prometheus_and_in_hivesight(tmp_path: Path) -> None:
    if shutil.which("prometheus") is None:
        pytest.skip("needs Prometheus: apt-get install prometheus")
    demo = tmp_path / "server" / "data" / "demo"
    judged(demo / "state")
    files = tmp_path / "files"
    pack.write(files)
    for path in files.rglob("*.yml"):
        path.write_text(shortened(path.read_text()).replace("targets/", f"{demo}/targets/"))
    ours = ("--demo", "--prometheus-config", str(files / "prometheus.yml"))
    with serving(tmp_path / "server", *ours) as server, prometheus(files) as url:
        for each in (url, server.url):
            eventually(lambda url=each: not lacking(url), 40, f"all families at {each}")
