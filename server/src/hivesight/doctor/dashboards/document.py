"""A dashboard's file as its checks see it: panels, targets and variables with their places."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hivesight.doctor.nodes import child, listed, text
from hivesight.doctor.workspace import Document
from hivesight.schema.loading import Location
from hivesight.schema.tree import Node

_WRAPPER: Final = "dashboard"


@dataclass(frozen=True, slots=True)
class Target:
    """A panel's query. source: the kind of its data source, "" where the file does not tell."""

    location: Location
    node: Node
    source: str

    @property
    def expr(self) -> str:
        return text(self.node, "expr")

    @property
    def legend(self) -> str:
        return text(self.node, "legendFormat")


@dataclass(frozen=True, slots=True)
class Panel:
    """group: where the panels stand that lie on the same grid."""

    location: Location
    node: Node
    kind: str
    group: Location
    targets: tuple[Target, ...]

    @property
    def place(self) -> Location:
        """Where findings about the panel itself are shown: its title, if it has one."""
        return (*self.location, "title") if child(self.node, "title") is not None else self.location


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    kind: str
    location: Location


@dataclass(frozen=True, slots=True)
class Dashboard:
    """root: where the dashboard begins in its file. panels: those in rows too. given: names that importing fills in."""

    document: Document
    root: Location
    node: Node
    panels: tuple[Panel, ...]
    variables: tuple[Variable, ...]
    given: frozenset[str]

    @property
    def wrapped(self) -> bool:
        return bool(self.root)


def dashboard_of(document: Document) -> Dashboard:
    """The dashboard in a file, bare or as Grafana's HTTP API takes it."""
    top = document.loaded.root
    inner = child(top, _WRAPPER)
    wrapped = inner is not None and inner.items is not None and not inner.is_list and child(top, "panels") is None
    root: Location = (_WRAPPER,) if wrapped else ()
    node = inner if wrapped and inner is not None else top
    variables = tuple(
        Variable(text(each, "name"), text(each, "type"), (*root, "templating", "list", index))
        for index, each in listed(node, "templating", "list")
    )
    sources = {
        each.name: text(node, "templating", "list", index, "query")
        for index, each in enumerate(variables)
        if each.kind == "datasource"
    }
    given = frozenset(text(each, "name") for _, each in listed(node, "__inputs"))
    return Dashboard(document, root, node, tuple(_panels(root, node, sources)), variables, given)


def _panels(root: Location, node: Node, sources: dict[str, str]) -> Iterator[Panel]:
    for index, each in listed(node, "panels"):
        here = (*root, "panels", index)
        yield _panel(here, each, root, sources)
        for number, inner in listed(each, "panels"):
            yield _panel((*here, "panels", number), inner, here, sources)
    for index, row in listed(node, "rows"):
        here = (*root, "rows", index)
        for number, inner in listed(row, "panels"):
            yield _panel((*here, "panels", number), inner, here, sources)


def _panel(location: Location, node: Node, group: Location, sources: dict[str, str]) -> Panel:
    of_panel = _source(child(node, "datasource"), sources)
    targets = tuple(
        Target((*location, "targets", index), each, _source(child(each, "datasource"), sources) or of_panel)
        for index, each in listed(node, "targets")
    )
    return Panel(location, node, text(node, "type"), group, targets)


def _source(node: Node | None, sources: dict[str, str]) -> str:
    """The kind of a data source that is said as an object, as a name, or by a variable."""
    if node is None:
        return ""
    if node.items is not None and text(node, "type"):
        return text(node, "type")
    named = text(node, "uid") if node.items is not None else node.value or ""
    return sources.get(named.strip("${}[]"), "")
