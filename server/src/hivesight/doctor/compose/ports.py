"""Ports that are open to everyone who reaches the host, and those that two services want."""

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from hivesight.doctor.compose.services import Service, Stack
from hivesight.doctor.finding import Finding
from hivesight.doctor.nodes import child, listed, text
from hivesight.doctor.prometheus.jobs import jobs_of
from hivesight.doctor.rule_files import at
from hivesight.doctor.workspace import FileKind, Workspace
from hivesight.schema.loading import Location

_SHORT: Final = re.compile(
    r"(?:(?P<address>\[[^\]]*\]|\d+\.\d+\.\d+\.\d+|localhost|\$\{[^}]*\}(?=:[^:]*:)):)?"
    r"(?:(?P<host>\$\{[^}]*\}|[\d-]*):)?(?P<container>\$\{[^}]*\}|[\d-]+)(?:/(?P<protocol>\w+))?"
)
_EVERYWHERE: Final = frozenset(("", "0.0.0.0", "[::]", "::"))
_BARE_NAME: Final = re.compile(r"[a-zA-Z][\w-]*")
_FOR_ALL: Final = frozenset(("80", "443"))
"""Ports of the web, which are there for everyone."""


@dataclass(frozen=True, slots=True)
class Port:
    """address: "" for all of the host's. host: the port on the host, "" for any that is free."""

    address: str
    host: str
    container: str
    protocol: str
    location: Location

    @property
    def is_open(self) -> bool:
        """Whether it is published on every address of the host."""
        return self.address in _EVERYWHERE

    def clashes_with(self, other: "Port") -> bool:
        everywhere = self.is_open or other.is_open
        same = (self.host, self.protocol) == (other.host, other.protocol)
        return same and self.host.isdigit() and (everywhere or self.address == other.address)


def findings(stack: Stack, service: Service) -> Iterator[Finding]:
    """Ports of one service that listen on all addresses."""
    for port in ports_of(service):
        if port.is_open and port.host not in _FOR_ALL:
            message = f"port {port.container} is open on every address of the host, past most firewalls"
            shown = f'"127.0.0.1:{port.host or port.container}:{port.container}"'
            remedy = f"{shown}, or no port at all for what the services of its network alone ask"
            yield at(stack.document.loaded, port.location, "compose/open-port", message, remedy)


def clashes(stack: Stack) -> Iterator[Finding]:
    """Ports of the host that two services of a file publish."""
    taken: dict[str, list[tuple[Port, Service]]] = {}
    for service in stack.services:
        if child(service.node, "profiles") is not None:  # may be started one at a time
            continue
        for port in ports_of(service):
            others = taken.setdefault(port.host, [])
            other = next((each for each, owner in others if port.clashes_with(each) and owner is not service), None)
            if other is not None:
                message = f"port {port.host} of the host is published by {other.location[1]} already"
                yield at(
                    stack.document.loaded, port.location, "compose/port-clash", message, "another port on the left"
                )
            elif len(others) < 100:
                others.append((port, service))


def outside_targets(workspace: Workspace, known: Container[str]) -> Mapping[str, str]:
    """The targets of the set's Prometheus files by port, where their host is a bare name, as of a service of the same
    host, and no service that is known."""
    found: dict[str, str] = {}
    for document in workspace.of(FileKind.PROMETHEUS):
        for job in jobs_of(document):
            for _, target in job.targets():
                host, _, port = target.rpartition(":")
                if _BARE_NAME.fullmatch(host) and host != "localhost" and host not in known:
                    found.setdefault(port, target)
    return found


def taken(stack: Stack, service: Service, targets: Mapping[str, str]) -> Iterator[Finding]:
    """Ports of the host that something outside the stack seems to have."""
    for port in ports_of(service):
        if port.host in targets:
            message = f"Prometheus scrapes {targets[port.host]}: where that publishes its port too, one does not start"
            remedy = "another port on the left, or none"
            yield at(stack.document.loaded, port.location, "compose/port-taken", message, remedy)


def ports_of(service: Service) -> Iterator[Port]:
    """The ports that a service publishes."""
    for index, each in listed(service.node, "ports"):
        here: Location = (*service.location, "ports", index)
        if each.items is not None:
            address, protocol = text(each, "host_ip"), text(each, "protocol") or "tcp"
            yield Port(address, text(each, "published"), text(each, "target"), protocol, here)
        elif match := _SHORT.fullmatch(each.value or ""):
            yield Port(
                match["address"] or "", match["host"] or "", match["container"], match["protocol"] or "tcp", here
            )
