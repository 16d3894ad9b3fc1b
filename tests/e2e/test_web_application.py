"""A web application that knows the SDK's public names alone, scraped by Prometheus and by us: every family of the guide
has data in both, and both say the same."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

import hivesight_sdk as sdk
from e2e.running import eventually, free_port, prometheus, serving
from hivesight_sdk import semconv

APPLICATION = Path(__file__).with_name("web_application.py")
CONFIG = """
global: {{scrape_interval: 1s}}
scrape_configs: [{{job_name: web, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]
"""
Series = dict[tuple[tuple[str, str], ...], float]


@contextmanager
def application(directory: Path) -> Iterator[int]:
    port = free_port()
    command = [sys.executable, "-W", "error", "-m", "uvicorn", "--port", str(port), "--no-access-log"]
    with (directory / "application.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--app-dir", str(APPLICATION.parent), "web_application:app"], stdout=log, stderr=log
        )
    try:
        eventually(lambda: httpx2.get(f"http://127.0.0.1:{port}/metrics").status_code == 200, 20, "the application")
        yield port
    finally:
        process.terminate()
        process.wait(20)


def load(port: int) -> None:
    """Some reviews at a time, one in ten against a catalogue that is slow; then rest."""
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client, ThreadPoolExecutor(4) as pool:
        names = ("slow" if number % 10 == 0 else "file" * (1 + number % 7) for number in range(60))
        answers = list(pool.map(lambda name: client.post(f"/review/{name}").status_code, names))
        assert sorted(set(answers)) == [200, 504]
        client.post("/evaluate")
        eventually(lambda: 'cpu_usage_percent{component="web-application"}' in client.get("/metrics").text, 20, "CPU")
        client.post("/settle")


def hive(url: str) -> Series:
    """Every series of the hive that the server at `url` has now."""
    answer = httpx2.get(f"{url}/api/v1/query", params={"query": '{__name__=~"agent_hive_.*"}'}).json()
    return {tuple(sorted(each["metric"].items())): float(each["value"][1]) for each in answer["data"]["result"]}


def with_data(series: Series) -> set[str]:
    """The families that have a value, or an observation."""
    names = {dict(labels)["__name__"] for labels, value in series.items() if value}
    return {family.name for family in semconv.FAMILIES if {family.name, f"{family.name}_count"} & names}


def test_the_application_knows_public_names_alone() -> None:
    program = ast.parse(APPLICATION.read_text())
    modules = [alias.name for node in ast.walk(program) if isinstance(node, ast.Import) for alias in node.names]
    modules += [node.module or "" for node in ast.walk(program) if isinstance(node, ast.ImportFrom)]
    assert [name for name in modules if "hivesight" in name or "prometheus" in name] == ["hivesight_sdk"]
    used = {
        node.attr
        for node in ast.walk(program)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sdk"
    }
    assert used <= set(sdk.__all__)


@pytest.mark.skipif(shutil.which("prometheus") is None, reason="needs Prometheus: apt-get install prometheus")
def test_both_have_every_family_of_the_guide_and_the_same_values(tmp_path: Path) -> None:
    with application(tmp_path) as port:
        theirs, ours = tmp_path / "theirs", tmp_path / "ours"
        for each in (theirs, ours):
            each.mkdir()
            (each / "prometheus.yml").write_text(CONFIG.format(port=port))
        (ours / "hivesight.yml").write_text("host: {enabled: false}\n")
        files = ("--config", str(ours / "hivesight.yml"), "--prometheus-config", str(ours / "prometheus.yml"))
        with prometheus(theirs) as url, serving(ours, *files) as server:
            load(port)
            guide = {family.name for family in semconv.GUIDE_FAMILIES}
            exposed = httpx2.get(f"http://127.0.0.1:{port}/metrics").text.count("\nagent_hive_")
            eventually(lambda: len(hive(url)) == exposed and hive(url) == hive(server.url), 15, "both say the same")
            series = hive(server.url)
    assert guide <= with_data(series)
    assert with_data(series) >= {"agent_hive_event_loop_lag_seconds", "agent_hive_monitor_figure"}
    confidence = (("__name__", "agent_hive_decision_confidence_score_count"), ("instance", f"127.0.0.1:{port}"))
    assert series[(*confidence, ("job", "web"))] == 54
