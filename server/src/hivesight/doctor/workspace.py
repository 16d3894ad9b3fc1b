"""The files to examine: found under the paths that were given, read once, and told apart by what they hold."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from hivesight.model.diagnostics import Diagnostic, Severity
from hivesight.schema import Loaded, Plain, load_json, load_tree

MAX_FILES: Final = 20_000
MAX_BYTES: Final = 8 << 20

_SUFFIXES: Final = (".yml", ".yaml", ".json", ".rules")
_SKIPPED: Final = frozenset((".git", ".venv", "node_modules", "__pycache__"))


class FileKind(StrEnum):
    """What a file is for. The value is what reports call it."""

    RULES = "rules"
    RULE_TESTS = "rule tests"
    PROMETHEUS = "Prometheus"
    ALERTMANAGER = "Alertmanager"
    DASHBOARD = "dashboard"
    COLLECTOR = "Collector"
    COMPOSE = "Compose"
    OTHER = "other"


# The key that tells a kind, and those of which one must stand beside it.
_TELLTALE: Final[tuple[tuple[FileKind, str, frozenset[str]], ...]] = (
    (FileKind.RULE_TESTS, "tests", frozenset(("rule_files", "evaluation_interval"))),
    (FileKind.RULES, "groups", frozenset()),
    (FileKind.ALERTMANAGER, "route", frozenset(("receivers", "inhibit_rules", "global", "templates"))),
    (FileKind.ALERTMANAGER, "receivers", frozenset(("route", "inhibit_rules", "templates"))),
    (FileKind.PROMETHEUS, "scrape_configs", frozenset()),
    (FileKind.PROMETHEUS, "rule_files", frozenset()),
    (FileKind.COLLECTOR, "service", frozenset(("exporters", "receivers", "processors"))),
    (FileKind.COMPOSE, "services", frozenset()),
    (FileKind.DASHBOARD, "panels", frozenset()),
    (FileKind.DASHBOARD, "rows", frozenset(("templating", "title", "schemaVersion"))),
    (FileKind.DASHBOARD, "dashboard", frozenset()),
)


@dataclass(frozen=True, slots=True)
class Document:
    """One file as it was read. loaded: its tree, with `at` for diagnostics; its value None where it is no YAML."""

    path: Path
    kind: FileKind
    loaded: Loaded[Plain]

    @property
    def text(self) -> str:
        return self.loaded.text


@dataclass(frozen=True, slots=True)
class Workspace:
    """All files that are examined together, in the order of their paths."""

    documents: tuple[Document, ...] = ()
    unread: tuple[Diagnostic, ...] = field(default=())

    def of(self, kind: FileKind) -> Iterator[Document]:
        """The files of a kind."""
        return (each for each in self.documents if each.kind is kind)


def open_workspace(paths: Sequence[Path]) -> Workspace:
    """Every file that is named, and under every folder those with the endings of configuration files."""
    documents: list[Document] = []
    unread: list[Diagnostic] = []
    for path, named in _files(paths):
        if len(documents) >= MAX_FILES:
            unread.append(_fault(path, f"more than {MAX_FILES} files; the rest is not examined: name a smaller folder"))
            break
        loaded = _read(path)
        kind = _kind_of(loaded)
        if loaded.value is None or kind is FileKind.OTHER:
            if named:
                unread.extend(loaded.diagnostics or (_fault(path, "no file of a kind that is examined here"),))
            continue
        documents.append(Document(path, kind, loaded))
    return Workspace(tuple(documents), tuple(unread))


def _files(paths: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    """Each file once, and whether it was named itself."""
    seen = set[Path]()
    for path in paths:
        if not path.is_dir():
            if path not in seen:
                seen.add(path)
                yield path, True
            continue
        # A folder that cannot be listed is a fault as a file is that cannot be read.
        refused: list[OSError] = []
        for folder, folders, names in os.walk(path, onerror=refused.append):
            folders[:] = sorted(name for name in folders if name not in _SKIPPED)
            for name in sorted(names):
                found = Path(folder, name)
                if name.endswith(_SUFFIXES) and found not in seen and found.is_file():
                    seen.add(found)
                    yield found, False
        yield from ((Path(error.filename), True) for error in refused)


def _read(path: Path) -> Loaded[Plain]:
    try:
        if not (path.is_file() or path.is_dir()):  # a pipe would keep whoever opens it
            return _nothing(path, "no file that can be read")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        text = raw.decode("utf-8")
    except OSError as error:
        return _nothing(path, f"cannot read the file: {error.strerror}")
    except UnicodeDecodeError as error:
        return _nothing(path, f"not UTF-8 text (byte {error.start})")
    return load_json(text, str(path)) if path.suffix == ".json" else load_tree(text, str(path))


def _nothing(path: Path, reason: str) -> Loaded[Plain]:
    empty = load_tree("", str(path))
    return Loaded(str(path), "", None, (_fault(path, reason),), empty.root)


def _fault(path: Path, reason: str) -> Diagnostic:
    return Diagnostic(str(path), 0, 0, 1, Severity.ERROR, "file/unreadable", reason)


def _kind_of(loaded: Loaded[Plain]) -> FileKind:
    value = loaded.value
    if not isinstance(value, dict):
        return FileKind.OTHER
    keys = value.keys()
    if "kind" in value and "apiVersion" in value:  # an object of Kubernetes
        return FileKind.RULES if value["kind"] == "PrometheusRule" else FileKind.OTHER
    for kind, key, beside in _TELLTALE:
        if key in keys and (not beside or beside & keys):
            return kind
    return FileKind.OTHER
