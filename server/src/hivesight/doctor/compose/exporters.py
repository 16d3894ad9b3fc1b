"""The node exporter in a container, which then easily reports on the container."""

import re
from collections.abc import Iterator
from typing import Final

from hivesight.doctor.compose.services import Service, Stack
from hivesight.doctor.finding import Finding
from hivesight.doctor.nodes import text
from hivesight.doctor.rule_files import at

_NODE_EXPORTER: Final = re.compile(r"(?:.*/)?node[-_]exporter(?:[:@].*)?")


def findings(stack: Stack, service: Service) -> Iterator[Finding]:
    """Of one service."""
    if not _NODE_EXPORTER.fullmatch(service.image) or not service.whole:
        return
    lacks: list[str] = []
    if text(service.node, "network_mode") != "host":
        lacks.append("its network figures are the container's (network_mode: host)")
    if text(service.node, "pid") != "host":
        lacks.append("it does not see the host's processes (pid: host)")
    root = next((mount for mount in service.mounts() if mount.source == "/"), None)
    if root is None:
        lacks.append("its file systems are the container's (volumes: ['/:/host:ro,rslave'])")
    elif not root.options & {"rslave", "rshared"}:
        lacks.append("it misses what is mounted after its start (rslave)")
    if root is not None and not any("--path.rootfs" in each.value for each in service.arguments()):
        lacks.append(f"it does not know that the host is at {root.target} (--path.rootfs={root.target})")
    if lacks:
        message = f"meant for the host, and told of the container: {'; '.join(lacks)}"
        where = (*service.location, "image")
        yield at(stack.document.loaded, where, "compose/node-exporter", message, "add what stands in parentheses")
