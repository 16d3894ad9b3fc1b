"""Compose files as their checks see them (Compose Specification, "Services top-level element")."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hivesight.doctor.nodes import child, listed, mapped, text
from hivesight.doctor.workspace import Document, FileKind, Workspace
from hivesight.schema.loading import Location
from hivesight.schema.tree import Node

_SERVICES: Final = "services"
_DEFAULT: Final = "default"


@dataclass(frozen=True, slots=True)
class Setting:
    """A text that a service gets, from `start` of the value at `location` on. key: of an environment variable, ""
    for the command line."""

    key: str
    value: str
    location: Location
    start: int = 0


@dataclass(frozen=True, slots=True)
class Mount:
    """source: a path of the host, a volume's name, or "" for one without a name. options: such as `ro`."""

    source: str
    target: str
    options: frozenset[str]
    location: Location


@dataclass(frozen=True, slots=True)
class Service:
    name: str
    location: Location
    node: Node

    @property
    def image(self) -> str:
        return text(self.node, "image")

    @property
    def whole(self) -> bool:
        """Whether the file says all of it; not where it adds to one of another file."""
        return child(self.node, "extends") is None and bool(self.image or child(self.node, "build") is not None)

    @property
    def networks(self) -> frozenset[str]:
        """Those it is in; none where it has the network of the host or of another service."""
        if text(self.node, "network_mode"):
            return frozenset()
        named = {each.value or "" for _, each in listed(self.node, "networks")}
        named |= {key for key, _ in mapped(self.node, "networks")}
        return frozenset(named) or frozenset((_DEFAULT,))

    @property
    def known_as(self) -> frozenset[str]:
        """The names under which others reach it."""
        names = {self.name, text(self.node, "container_name"), text(self.node, "hostname")}
        for _, network in mapped(self.node, "networks"):
            names |= {each.value or "" for _, each in listed(network, "aliases")}
        return frozenset(names - {""})

    def environment(self) -> Iterator[Setting]:
        here: Location = (*self.location, "environment")
        for key, each in mapped(self.node, "environment"):
            if each.value:
                yield Setting(key, each.value, (*here, key))
        for index, each in listed(self.node, "environment"):
            key, sign, value = (each.value or "").partition("=")
            if sign:
                yield Setting(key, value, (*here, index), len(key) + 1)

    def arguments(self) -> Iterator[Setting]:
        for key in ("command", "entrypoint"):
            if text(self.node, key):
                yield Setting("", text(self.node, key), (*self.location, key))
            for index, each in listed(self.node, key):
                yield Setting("", each.value or "", (*self.location, key, index))

    def mounts(self) -> Iterator[Mount]:
        for index, each in listed(self.node, "volumes"):
            here: Location = (*self.location, "volumes", index)
            if each.items is not None:
                options = frozenset({"ro"} if text(each, "read_only") == "true" else ())
                propagation = text(each, "bind", "propagation")
                yield Mount(text(each, "source"), text(each, "target"), options | {propagation} - {""}, here)
                continue
            source, sign, rest = (each.value or "").partition(":")
            target, _, said = rest.partition(":")
            yield Mount(source if sign else "", target if sign else source, frozenset(said.split(",")) - {""}, here)


@dataclass(frozen=True, slots=True)
class Stack:
    """One file. beside: the other Compose files of its folder, with which it may be started as one."""

    document: Document
    services: tuple[Service, ...]
    beside: tuple[Document, ...]

    @property
    def open_ended(self) -> bool:
        """Whether services may come from files that are not examined: those it includes, or others beside it with which
        it may be started."""
        examined = {document.path for document in (self.document, *self.beside)}
        others = set(self.document.path.parent.glob("*compose*.y*ml")) - examined
        return bool(others) or child(self.document.loaded.root, "include") is not None

    def top(self, key: str) -> dict[str, Node]:
        """What the files of the folder define under a key, such as `networks`."""
        return {
            name: node for document in (self.document, *self.beside) for name, node in mapped(document.loaded.root, key)
        }

    def all_services(self) -> tuple[Service, ...]:
        return (*self.services, *(each for document in self.beside for each in _services(document)))


def stacks_of(workspace: Workspace) -> Iterator[Stack]:
    """The Compose files of a set."""
    by_folder: dict[Path, list[Document]] = defaultdict(list)
    for document in workspace.of(FileKind.COMPOSE):
        by_folder[document.path.parent].append(document)
    for documents in by_folder.values():
        for document in documents:
            beside = tuple(each for each in documents if each is not document)
            yield Stack(document, tuple(_services(document)), beside)


def _services(document: Document) -> Iterator[Service]:
    for name, node in mapped(document.loaded.root, _SERVICES):
        if node.items is not None and not node.is_list:
            yield Service(name, (_SERVICES, name), node)
