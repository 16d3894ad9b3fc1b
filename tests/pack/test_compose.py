"""The Compose file: sound in itself, and no door open."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from hivesight.pack.stack import GUIDE_SERVICES, Stack, render

STACK = Stack(GUIDE_SERVICES, frozenset({"email", "slack"}))
FILES = render(STACK)
COMPOSE: dict[str, Any] = yaml.safe_load(FILES["docker-compose.monitoring.yml"])
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
# Their images hold one program and no shell; TargetDown watches them.
WITHOUT_HEALTH_CHECK = {"otel-collector", "jaeger"}

each_service = pytest.mark.parametrize("name", SERVICES)


@pytest.mark.parametrize("path", [each for each in FILES if each.endswith("compose.yml") or each.startswith("docker")])
def test_the_file_is_what_the_specification_allows(path: str) -> None:
    # Merge keys resolved; and two words of Docker's own, which the specification leaves to platforms.
    plain = yaml.safe_dump(yaml.safe_load(FILES[path]))
    PyCompose.from_yaml(plain.replace("host-gateway", "127.0.0.1").replace("ro,rslave", "ro"))


@each_service
def test_a_service_is_sound(name: str) -> None:
    service = SERVICES[name]
    assert not set(service.get("networks", ())) - COMPOSE["networks"].keys()
    assert not set(service.get("secrets", ())) - COMPOSE["secrets"].keys()
    assert not set(service.get("depends_on", ())) - SERVICES.keys()
    assert all(SERVICES[other].get("healthcheck") for other in service.get("depends_on", ()))


@each_service
def test_an_image_has_a_version(name: str) -> None:
    _, colon, tag = SERVICES[name]["image"].rpartition(":")
    assert colon and re.match(r"v?\d+\.\d+\.\d+", tag)


@each_service
def test_a_service_is_watched_bounded_and_its_log_rotates(name: str) -> None:
    service = SERVICES[name]
    assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert service["restart"] == "unless-stopped"
    assert ("healthcheck" in service) == (name not in WITHOUT_HEALTH_CHECK)


@each_service
def test_nothing_is_published_but_on_loopback_behind_a_password(name: str) -> None:
    ports = SERVICES[name].get("ports", [])
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in ports)
    assert not ports or name in {"grafana", "kibana"}
    assert not SERVICES[name].get("privileged")


@each_service
def test_no_secret_stands_in_the_file(name: str) -> None:
    for key, value in SERVICES[name].get("environment", {}).items():
        assert not re.search("PASS|SECRET|TOKEN", key) or str(value).startswith("/run/secrets/")


@each_service
def test_what_is_mounted_is_written(name: str) -> None:
    for volume in SERVICES[name].get("volumes", ()):
        source = volume.split(":")[0]
        if source.startswith("./"):
            path = source.removeprefix("./")
            assert path in FILES or any(file.startswith(f"{path}/") for file in FILES), source
        elif not source.startswith("/"):
            assert source in COMPOSE["volumes"]


def test_targets_are_services_of_the_file() -> None:
    for job in yaml.safe_load(FILES["prometheus/prometheus.yml"])["scrape_configs"]:
        name = job["job_name"]
        if name.startswith(("agent-hive-", "blackbox-")):
            continue
        (group,) = yaml.safe_load(FILES[f"prometheus/targets/{name}.yml"])
        host = Path(group["targets"][0]).name.partition(":")[0]
        assert host in SERVICES or host in {"localhost", "host.docker.internal"}
