"""How the stack grows: each variant builds, is valid, is sound with Compose; and those that can run here run."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from e2e.alertmanagers import PROGRAM as ALERTMANAGER
from e2e.alertmanagers import needs_alertmanager
from e2e.running import WebhookListener, eventually, free_port, prometheus
from hivesight.pack.placing import place
from hivesight.pack.stack import GUIDE_SERVICES, PLATFORMS, Stack, render
from pack.kustomized import built, check

STACK = Stack(GUIDE_SERVICES, frozenset({"webhook"}), platforms=frozenset(PLATFORMS))
FILES = render(STACK)
VARIANTS = sorted(
    path.split("/")[1]
    for path in FILES
    if path.count("/") == 2 and path.endswith("kustomization.yaml") and path.startswith("scaling/")
)
STORES = [each for each in VARIANTS if f"scaling/{each}/remote-write.yml" in FILES]


def kustomized(directory: Path, *components: str) -> list[dict[str, Any]]:
    certificates = directory / "scaling/elasticsearch/secrets"
    certificates.mkdir(parents=True)
    for name in ("transport.crt", "transport.key"):
        (certificates / name).write_text("x")
    return built(STACK, directory, *(f"scaling/{each}" for each in components))


# Samples go to one store; all else goes together.
TOGETHER = tuple(each for each in VARIANTS if each not in STORES)


@pytest.mark.parametrize("components", [TOGETHER, *((each,) for each in STORES)], ids="+".join)
def test_a_variant_builds_and_is_valid(components: tuple[str, ...], tmp_path: Path) -> None:
    for each in kustomized(tmp_path, *components):
        check(each)


def test_the_kustomization_offers_each_variant() -> None:
    text = FILES["kustomization.yaml"]
    assert [each for each in VARIANTS if f"#   - scaling/{each}\n" in text] == VARIANTS


def test_nodes_of_elasticsearch_know_their_part(tmp_path: Path) -> None:
    objects = {
        each["metadata"]["name"]: each
        for each in kustomized(tmp_path, "elasticsearch")
        if each["kind"] == "StatefulSet"
    }
    found = {}
    for name in ("elasticsearch", "elasticsearch-warm"):
        spec = objects[name]["spec"]
        (container,) = spec["template"]["spec"]["containers"]
        variables = {each["name"]: each.get("value") for each in container["env"]}
        assert "discovery.type" not in variables and variables["xpack.security.transport.ssl.enabled"] == "true"
        assert spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items()
        found[name] = (spec["replicas"], variables["node.roles"], variables.get("cluster.initial_master_nodes"))
    assert found == {
        "elasticsearch": (
            3,
            "master,data_hot,data_content,ingest",
            "elasticsearch-0,elasticsearch-1,elasticsearch-2",
        ),
        "elasticsearch-warm": (2, "data_warm", None),
    }


@pytest.mark.parametrize("path", [each for each in FILES if each.endswith("/compose.yml")])
def test_a_variant_of_compose_names_what_the_stack_has(path: str) -> None:
    stack, variant = yaml.safe_load(FILES["docker-compose.monitoring.yml"]), yaml.safe_load(FILES[path])
    assert all(stack["networks"][name] == settings for name, settings in variant["networks"].items())
    for name, service in variant["services"].items():
        if name not in stack["services"]:
            assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}
            assert "ports" not in service and service["restart"] == "unless-stopped"
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0].removeprefix("./")
            assert source in FILES or source in variant["volumes"] or source == "alertmanager"


@pytest.mark.parametrize("store", STORES)
def test_prometheus_takes_the_remote_write(store: str, tmp_path: Path) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("needs promtool of the Debian package prometheus")
    place(tmp_path, FILES)
    config = tmp_path / "prometheus/prometheus.yml"
    config.write_text(config.read_text() + FILES[f"scaling/{store}/remote-write.yml"])
    subprocess.run(("promtool", "check", "config", config), check=True, capture_output=True, timeout=60)


def arguments(path: str, service: str) -> list[str]:
    return yaml.safe_load(FILES[path])["services"][service]["command"]


@contextmanager
def running(*command: str, log: Path) -> Iterator[None]:
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def webhook() -> Iterator[WebhookListener]:
    listener = WebhookListener()
    yield listener
    listener.close()


def test_samples_arrive_in_victoriametrics(tmp_path: Path) -> None:
    for program in ("victoria-metrics", "prometheus"):
        if shutil.which(program) is None:
            pytest.skip(f"needs the Debian package {program}")
    url = f"http://127.0.0.1:{(port := free_port())}"
    flags = [
        each for each in arguments("scaling/victoriametrics/compose.yml", "victoriametrics") if "storage" not in each
    ]
    place(tmp_path, FILES)
    text = FILES["prometheus/prometheus.yml"] + FILES["scaling/victoriametrics/remote-write.yml"]
    text = text.replace("http://victoriametrics:8428", url).replace("scrape_interval: 15s", "scrape_interval: 1s")
    text = text.replace("    queue_config:\n", "    queue_config:\n      batch_send_deadline: 100ms\n")
    (tmp_path / "prometheus/prometheus.yml").write_text(text.replace("scrape_timeout: 10s", "scrape_timeout: 1s"))
    # Anything that has metrics.
    (tmp_path / "prometheus/targets/prometheus.yml").write_text(f"- targets: ['127.0.0.1:{port}']\n")
    storage = (f"-storageDataPath={tmp_path}/storage", f"-httpListenAddr=127.0.0.1:{port}")
    with running("victoria-metrics", *flags, *storage, log=tmp_path / "vm.log"):
        eventually(lambda: httpx2.get(f"{url}/health").status_code == 200, 20, "VictoriaMetrics is ready")
        with prometheus(tmp_path / "prometheus"):

            def exported() -> list[dict[str, Any]]:
                asked = {"match[]": 'up{job="prometheus"}'}
                lines = httpx2.get(f"{url}/api/v1/export", params=asked).text.splitlines()
                return [series for series in map(yaml.safe_load, lines) if 1 in series["values"]]

            (series,) = eventually(exported, 30, "a sample of Prometheus in VictoriaMetrics")
    assert series["metric"].keys() == {"__name__", "job", "instance", "cluster"}


@needs_alertmanager
def test_an_alert_that_both_hear_is_told_once(tmp_path: Path, webhook: WebhookListener) -> None:
    assert ALERTMANAGER is not None
    stack = Stack(GUIDE_SERVICES, frozenset({"webhook"}), webhook=webhook.url)
    place(tmp_path, render(stack))
    config = tmp_path / "alertmanager/alertmanager.yml"
    config.write_text(config.read_text().replace("group_wait: 10s", "group_wait: 1s"))
    names = ("alertmanager", "alertmanager-2")
    web, gossip = ({name: free_port() for name in names} for _ in range(2))
    with ExitStack() as stack_of:
        for name in names:
            flags = arguments("scaling/alertmanager/compose.yml", name)
            text = "\n".join(flags).replace("/etc/alertmanager/", f"{tmp_path}/alertmanager/")
            text = text.replace("path=/alertmanager", f"path={tmp_path}/{name}").replace(
                "0.0.0.0:9094", f"127.0.0.1:{gossip[name]}"
            )
            for other in reversed(names):
                text = text.replace(f"peer={other}:9094", f"peer=127.0.0.1:{gossip[other]}")
            ports = (
                f"--web.listen-address=127.0.0.1:{web[name]}",
                "--cluster.peer-timeout=2s",
                "--cluster.gossip-interval=20ms",
            )
            stack_of.enter_context(running(ALERTMANAGER, *text.splitlines(), *ports, log=tmp_path / f"{name}.log"))
        urls = [f"http://127.0.0.1:{web[name]}/api/v2" for name in names]
        for url in urls:

            def joined(url: str = url) -> bool:
                cluster = httpx2.get(f"{url}/status").json()["cluster"]
                return cluster["status"] == "ready" and len(cluster["peers"]) == 2

            eventually(joined, 30, "the cluster of two")
        for url in urls:
            alert = {"labels": {"alertname": "NoActiveAgents", "severity": "critical"}}
            assert httpx2.post(f"{url}/alerts", json=[alert]).status_code == 200

        def figures(name: str) -> list[float]:
            """Of each, once it has looked up who was told: the second waits for the first."""
            texts = [httpx2.get(f"{url.removesuffix('/api/v2')}/metrics").text for url in urls]
            return [
                sum(map(float, re.findall(rf"(?m)^{name}(?:{{[^}}]*webhook[^}}]*}})? (\S+)$", text))) for text in texts
            ]

        eventually(lambda: all(figures("alertmanager_nflog_queries_total")), 30, "both looked up who was told")
        eventually(lambda: sum(figures("alertmanager_notifications_total")), 20, "somebody is told")
        assert sum(figures("alertmanager_notifications_total")) == len(webhook.received) == 1
