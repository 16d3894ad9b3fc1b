"""Exporters that a Compose file of the set starts and no job scrapes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from hivesight.doctor.finding import Finding
from hivesight.doctor.prometheus.jobs import Job
from hivesight.doctor.rule_files import at
from hivesight.doctor.workspace import Document, FileKind, Workspace
from hivesight.schema import Plain

SERVICES: Final = "services"
_EXPORTER: Final = re.compile(r"(?:[\w.:-]+/)*(?:[\w-]*[-_]exporter|cadvisor|statsd-exporter|pushgateway)(?::|@|$)")
_COLLECTOR: Final = re.compile(
    r"(?:[\w.:-]+/)*(?:alloy|agent|vmagent|telegraf|fluent-bit|[\w-]*collector[\w-]*)(?::|@|$)"
)
"""What may scrape in the place of Prometheus, with a configuration of its own."""
_ANY_HOST: Final = frozenset(("localhost", "127.0.0.1", "host.docker.internal"))


def unscraped(workspace: Workspace, jobs: Sequence[Job]) -> Iterator[Finding]:
    """jobs: of all Prometheus files, whose discovery is static, so that nothing else can find a service."""
    if any(job.config is None or job.discoveries for job in jobs if not _of_kubernetes(job)):
        return
    targets = {target for job in jobs for _, target in job.targets()}
    for document in workspace.of(FileKind.COMPOSE):
        services = list(_services(document))
        if not _beside(document, jobs) or any(_COLLECTOR.match(str(each.get("image"))) for _, each in services):
            continue
        for name, service in services:
            image = service.get("image")
            if not isinstance(image, str) or not _EXPORTER.match(image):
                continue
            hosts = {name, *_names(service)}
            if not any(_reaches(target, hosts, service) for target in targets):
                message = f"{name} exports metrics, and no job scrapes it"
                remedy = f"a job with {name} and its port as the target, or take the service out"
                where = (SERVICES, name)
                yield at(document.loaded, where, "prometheus/exporter-not-scraped", message, remedy, on_key=True)


def _beside(compose: Document, jobs: Sequence[Job]) -> bool:
    """Whether a Prometheus file lies in the Compose file's folder, below it, or above it."""
    here = compose.path.parent
    folders = {job.document.path.parent for job in jobs}
    return any(here == each or here in each.parents or each in here.parents for each in folders)


def _of_kubernetes(job: Job) -> bool:
    return job.discoveries <= frozenset(("kubernetes_sd_configs",))


def _services(document: Document) -> Iterator[tuple[str, Mapping[str, Plain]]]:
    file = document.loaded.value
    services = file.get(SERVICES) if isinstance(file, dict) else None
    for name, service in services.items() if isinstance(services, dict) else ():
        if isinstance(service, dict):
            yield name, service


def _names(service: Mapping[str, Plain]) -> Iterator[str]:
    """By what else a service can be reached: its container, its host name, aliases in networks."""
    for key in ("container_name", "hostname"):
        value = service.get(key)
        if isinstance(value, str):
            yield value
    networks = service.get("networks")
    for each in networks.values() if isinstance(networks, dict) else ():
        aliases = each.get("aliases") if isinstance(each, dict) else None
        yield from (alias for alias in (aliases if isinstance(aliases, list) else ()) if isinstance(alias, str))


def _reaches(target: str, hosts: set[str], service: Mapping[str, Plain]) -> bool:
    host, _, port = target.rpartition(":")
    host = host.rpartition("//")[2] or target
    if host.partition(".")[0] in hosts or host in hosts:
        return True
    # By the host's own address a published port leads to it.
    on_host = service.get("network_mode") == "host"
    by_host = host in _ANY_HOST or host[:1].isdigit() or on_host
    return by_host and (on_host or port in _published(service))


def _published(service: Mapping[str, Plain]) -> set[str]:
    """The host's ports of a service, as `9121:9121` and `127.0.0.1:9121:9121/tcp` write them."""
    ports = service.get("ports")
    written = [each.partition("/")[0] for each in ports if isinstance(each, str)] if isinstance(ports, list) else []
    return {each.split(":")[-2] for each in written if ":" in each}
