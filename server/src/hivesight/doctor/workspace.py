"""The files that are examined together, and what each of them is."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from hivesight.doctor.file_patterns import named_files
from hivesight.model.diagnostics import Diagnostic
from hivesight.schema import Loaded, Plain, load_node

T = TypeVar("T")


class FileKind(StrEnum):
    """What a file is for. The value is what reports call it."""

    RULES = "rules"
    RULE_TESTS = "rule tests"
    PROMETHEUS = "Prometheus"
    ALERTMANAGER = "Alertmanager"
    DASHBOARD = "dashboard"
    COLLECTOR = "Collector"
    COMPOSE = "Compose"
    MANIFEST = "Kubernetes manifest"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Document:
    """One file as it was read. loaded: its tree, with `at` for diagnostics. holder: the kind of the Kubernetes object
    that holds it, under the name `key`; "" for a file of its own."""

    path: Path
    kind: FileKind
    loaded: Loaded[Plain]
    holder: str = ""
    key: str = ""

    @property
    def text(self) -> str:
        return self.loaded.text

    @property
    def name(self) -> str:
        return self.key or self.path.name

    def read_as(self, kind: type[T]) -> Loaded[T]:
        """The whole of it as a section."""
        return load_node(self.loaded.root, self.text, str(self.path), kind)

    def named_files(self, pattern: str) -> list[Path] | None:
        """The files that a pattern in it names, in order; None where that cannot be known, as of a file that is mounted
        into a container."""
        return None if self.holder else named_files(pattern, self.path.parent)


@dataclass(frozen=True, slots=True)
class Workspace:
    """All files that are examined together, in the order of their paths. unread: what could not be read."""

    documents: tuple[Document, ...] = ()
    unread: tuple[Diagnostic, ...] = field(default=())

    def of(self, kind: FileKind) -> Iterator[Document]:
        """The files of a kind."""
        return (each for each in self.documents if each.kind is kind)
