"""What of the host a service may touch."""

import re
from collections.abc import Iterator
from typing import Final

from hivesight.doctor.compose.services import Service, Stack
from hivesight.doctor.finding import Finding
from hivesight.doctor.nodes import text
from hivesight.doctor.rule_files import at

_WITH_SOCKET: Final = frozenset(("/var/run/docker.sock", "/run/docker.sock", "/var/run", "/run"))

_WATCHES: Final = re.compile(
    r"cadvisor|promtail|alloy|grafana/agent|fluent|vector|collector|telegraf|filebeat|metricbeat|logspout|netdata|dozzle"
    r"|datadog|newrelic|traefik|docker-socket-proxy|docker_exporter|docker-exporter"
)
"""Programs that look at the containers of their host, and are told to be given the socket for that."""


def findings(stack: Stack, service: Service) -> Iterator[Finding]:
    """Of one service."""
    loaded = stack.document.loaded
    if text(service.node, "privileged").lower() in ("true", "yes", "on"):
        message = "privileged: whoever gets into this container has the host"
        remedy = "the devices and capabilities (cap_add) that it needs, one by one"
        yield at(loaded, (*service.location, "privileged"), "compose/privileged", message, remedy, on_key=True)
    for mount in service.mounts():
        source = mount.source.rstrip("/") or mount.source
        if source in _WITH_SOCKET:
            message = "Docker's socket is in there: whoever writes to it is root on the host; ro does not hinder that"
            remedy = "leave it out, or put a proxy before it that lets reading requests through alone"
            watches = "ro" in mount.options and _WATCHES.search(service.image)
            code = "compose/docker-socket-to-watch" if watches else "compose/docker-socket"
            yield at(loaded, mount.location, code, message, remedy)
        elif source == "/" and "ro" not in mount.options:
            message = "the whole file system of the host, and it may be written"
            yield at(loaded, mount.location, "compose/writable-host", message, f"/:{mount.target}:ro,rslave")
