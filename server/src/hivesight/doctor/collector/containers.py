"""Whether a Collector runs in a container, where listening on all addresses means those of the container's network."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from hivesight.doctor.compose.ports import Port, ports_of
from hivesight.doctor.compose.services import Service, Stack, stacks_of
from hivesight.doctor.nodes import listed, text
from hivesight.doctor.workspace import Document, Workspace


@dataclass(frozen=True, slots=True)
class Containers:
    """The Compose files of a set."""

    stacks: tuple[Stack, ...]

    @classmethod
    def of(cls, workspace: Workspace) -> "Containers":
        return cls(tuple(stacks_of(workspace)))

    def hides(self, document: Document, port: str) -> bool:
        """Whether a port on which the Collector of a file listens is reached from its container's network alone."""
        if document.holder:
            return True
        services = [each for stack in self.stacks for each in stack.services if _mounts(stack, each, document.path)]
        return bool(services) and not any(_opens(each, port) for each in services)


def _opens(service: Service, port: str) -> bool:
    return text(service.node, "network_mode") == "host" or any(
        each.is_open and _is_of(each, port) for each in ports_of(service)
    )


def _is_of(published: Port, port: str) -> bool:
    first, _, last = published.container.partition("-")
    if not (first.isdigit() and port.isdigit()):
        return True
    return int(first) <= int(port) <= int(last if last.isdigit() else first)


def _mounts(stack: Stack, service: Service, file: Path) -> bool:
    folder = stack.document.path.parent
    return any(_is_at(folder, source, file) for source in _sources(stack, service))


def _sources(stack: Stack, service: Service) -> Iterator[str]:
    """The files and folders of the host that a service gets (Compose Specification, "volumes" and "configs")."""
    yield from (each.source for each in service.mounts() if "/" in each.source)
    configs = stack.top("configs")
    for _, each in listed(service.node, "configs"):
        name = each.value or text(each, "source")
        if name in configs:
            yield text(configs[name], "file")


def _is_at(folder: Path, source: str, file: Path) -> bool:
    if not source:
        return False
    if "$" in source or source.startswith("~"):  # where that leads is not known
        return PurePath(source).name == file.name
    here, there, file = (Path(os.path.normpath(each.absolute())) for each in (folder, folder / source, file))
    # Whoever gets the whole host, to watch it, does not run all that lies there.
    return there == file or (there in file.parents and there not in here.parents)
