"""A Collector's file as its checks see it: components by kind, and the pipelines that use them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hivesight.doctor.nodes import listed, mapped
from hivesight.doctor.workspace import Document, FileKind, Workspace
from hivesight.schema.loading import Location
from hivesight.schema.tree import Node

KINDS: Final = ("receivers", "processors", "exporters", "connectors", "extensions")


@dataclass(frozen=True, slots=True)
class Use:
    """A component that a pipeline, or the service, names. kind: of the list it stands in."""

    kind: str
    name: str
    location: Location

    @property
    def type(self) -> str:
        return type_of(self.name)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """signal: the part of its name before the slash."""

    name: str
    location: Location
    uses: tuple[Use, ...]

    @property
    def signal(self) -> str:
        return type_of(self.name)

    def of(self, kind: str) -> tuple[Use, ...]:
        return tuple(each for each in self.uses if each.kind == kind)


@dataclass(frozen=True, slots=True)
class Collector:
    """One file. defined: by kind, the components of this file with their settings. elsewhere: the names that files
    beside it define or use, with which it may be started as one."""

    document: Document
    defined: Mapping[str, Mapping[str, Node]]
    pipelines: tuple[Pipeline, ...]
    extensions: tuple[Use, ...]
    elsewhere: frozenset[tuple[str, str]]

    def knows(self, kind: str, name: str) -> bool:
        return name in self.defined[kind] or (kind, name) in self.elsewhere

    def uses(self) -> Iterator[Use]:
        for pipeline in self.pipelines:
            yield from pipeline.uses
        yield from self.extensions


def type_of(name: str) -> str:
    """The type in a component's name, `otlp` of `otlp/backend`."""
    return name.partition("/")[0]


def collectors_of(workspace: Workspace) -> Iterator[Collector]:
    """The Collector files of a set."""
    by_folder: dict[Path, list[Document]] = defaultdict(list)
    for document in workspace.of(FileKind.COLLECTOR):
        by_folder[document.path.parent].append(document)
    for documents in by_folder.values():
        said = [(document, _said(document)) for document in documents]
        for document, own in said:
            beside = frozenset(
                (each.kind, each.name)
                for other, (defined, pipelines, extensions) in said
                if other is not document
                for each in (
                    *(Use(kind, name, ()) for kind in KINDS for name in defined[kind]),
                    *(use for pipeline in pipelines for use in pipeline.uses),
                    *extensions,
                )
            )
            yield Collector(document, *own, beside)


def _said(document: Document) -> tuple[dict[str, dict[str, Node]], tuple[Pipeline, ...], tuple[Use, ...]]:
    root = document.loaded.root
    defined = {kind: dict(mapped(root, kind)) for kind in KINDS}
    pipelines = tuple(_pipeline(name, node) for name, node in mapped(root, "service", "pipelines"))
    extensions = tuple(_uses("extensions", ("service",), root, "service", "extensions"))
    return defined, pipelines, extensions


def _pipeline(name: str, node: Node) -> Pipeline:
    here: Location = ("service", "pipelines", name)
    uses = tuple(use for kind in ("receivers", "processors", "exporters") for use in _uses(kind, here, node, kind))
    return Pipeline(name, here, uses)


def _uses(kind: str, here: Location, node: Node, *path: str) -> Iterator[Use]:
    for index, each in listed(node, *path):
        if each.value and "$" not in each.value:
            yield Use(kind, each.value, (*here, kind, index))
