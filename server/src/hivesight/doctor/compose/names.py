"""Names that a file uses and nothing defines, and hosts that a service cannot reach under their name."""

import re
from collections.abc import Iterator
from typing import Final

from hivesight.doctor.compose.services import Service, Setting, Stack
from hivesight.doctor.finding import Finding
from hivesight.doctor.nodes import child, listed, mapped
from hivesight.doctor.rule_files import at
from hivesight.schema.loading import Location

_HOST: Final = re.compile(r"(?:^|[/@=,\s\"'(])(?P<host>[a-z][a-z0-9_-]*):\d{2,5}(?![\w.:@])")
_OURSELVES: Final = frozenset(("localhost", "host-gateway", "tcp", "udp", "http", "https"))
_NAMED_VOLUME: Final = re.compile(r"[A-Za-z0-9][\w.-]*")


def findings(stack: Stack) -> Iterator[Finding]:
    """Of one file."""
    everyone = stack.all_services()
    by_name = {name: each for each in everyone for name in each.known_as}
    for service in stack.services:
        if not stack.open_ended:
            yield from _dependencies(stack, service, {each.name for each in everyone})
            yield from _networks(stack, service)
            yield from _volumes(stack, service)
        yield from _hosts(stack, service, by_name)


def _dependencies(stack: Stack, service: Service, known: set[str]) -> Iterator[Finding]:
    here: Location = (*service.location, "depends_on")
    asked: list[tuple[str, Location, bool]] = [
        (each.value or "", (*here, index), False) for index, each in listed(service.node, "depends_on")
    ]
    asked += [(key, (*here, key), True) for key, _ in mapped(service.node, "depends_on")]
    for name, where, on_key in asked:
        if name not in known and "$" not in name:
            message = f"no service is called {name}: Compose refuses the file"
            remedy = f"one of {', '.join(sorted(known)[:10])}"
            yield at(stack.document.loaded, where, "compose/unknown-dependency", message, remedy, on_key=on_key)


def _networks(stack: Stack, service: Service) -> Iterator[Finding]:
    known = stack.top("networks").keys() | {"default"}
    here: Location = (*service.location, "networks")
    asked: list[tuple[str, Location, bool]] = [
        (each.value or "", (*here, index), False) for index, each in listed(service.node, "networks")
    ]
    asked += [(key, (*here, key), True) for key, _ in mapped(service.node, "networks")]
    for name, where, on_key in asked:
        if name not in known:
            message = f"no network is called {name}: Compose refuses the file"
            yield at(
                stack.document.loaded, where, "compose/undefined", message, f"networks: {{{name}: }}", on_key=on_key
            )


def _volumes(stack: Stack, service: Service) -> Iterator[Finding]:
    known = stack.top("volumes")
    for mount in service.mounts():
        if _NAMED_VOLUME.fullmatch(mount.source) and mount.source not in known and mount.target:
            message = f"no volume is called {mount.source}: Compose refuses the file"
            remedy = f"volumes: {{{mount.source}: }} at the top, or ./{mount.source} for a folder"
            yield at(stack.document.loaded, mount.location, "compose/undefined", message, remedy)


def _hosts(stack: Stack, service: Service, by_name: dict[str, Service]) -> Iterator[Finding]:
    """Hosts with a port, in what a service is told; those with a dot are of the world outside."""
    if not service.networks or any(child(service.node, key) is not None for key in ("extra_hosts", "external_links")):
        return
    networks = stack.top("networks")
    shared = any(
        child(networks[name], "external") is not None or child(networks[name], "name") is not None
        for name in service.networks
        if name in networks
    )
    for setting in (*service.environment(), *service.arguments()):
        for match in _HOST.finditer(setting.value[:20_000]):
            other = by_name.get(match["host"])
            if match["host"] in _OURSELVES or other is service:
                continue
            if other is None and not shared and not stack.open_ended:
                message = f"no service of its networks ({_shown(service)}) is called {match['host']}"
                remedy = f"a network that {match['host']} is in too: external, where another project runs it"
                yield _at_host(stack, setting, match, "compose/unknown-host", message, remedy)
            elif other is not None and other.networks and not other.networks & service.networks:
                message = (
                    f"{match['host']} is in other networks ({_shown(other)}) than {service.name} ({_shown(service)})"
                )
                yield _at_host(stack, setting, match, "compose/no-common-network", message, "a network they share")


def _shown(service: Service) -> str:
    return ", ".join(sorted(service.networks))


def _at_host(stack: Stack, setting: Setting, match: "re.Match[str]", code: str, message: str, remedy: str) -> Finding:
    start, end = match.span("host")
    offset = setting.start + start
    return at(stack.document.loaded, setting.location, code, message, remedy, offset=offset, length=end - start)
