"""Paths in, workspace out: files are found, read once, within bounds, and told apart by what they hold."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from hivesight.doctor.file_kinds import kind_of, seems_meant
from hivesight.doctor.manifests import files_in, is_object, objects_in
from hivesight.doctor.workspace import Document, FileKind, Workspace
from hivesight.model.diagnostics import Diagnostic, Severity
from hivesight.schema import Loaded, Plain, load_json, load_tree, load_trees

MAX_FILES: Final = 20_000
MAX_BYTES: Final = 8 << 20

_SUFFIXES: Final = (".yml", ".yaml", ".json", ".rules")
_SKIPPED: Final = frozenset((".git", ".venv", "node_modules", "__pycache__"))
_RULES: Final = "PrometheusRule"


def open_workspace(paths: Sequence[Path]) -> Workspace:
    """Every file that is named, and under every folder those with the endings of configuration files."""
    documents: list[Document] = []
    unread: list[Diagnostic] = []
    for count, (path, named) in enumerate(_files(paths)):
        if count >= MAX_FILES:
            unread.append(_fault(path, f"more than {MAX_FILES} files; the rest is not examined: name a smaller folder"))
            break
        found = list(_opened(path, named))
        documents += (each for each in found if isinstance(each, Document))
        unread += (each for each in found if isinstance(each, Diagnostic))
        if named and not found:
            unread.append(_fault(path, "no file of a kind that is examined here"))
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


def _opened(path: Path, named: bool) -> Iterator[Document | Diagnostic]:
    """What is in one file: several documents where these are objects of Kubernetes, and the files that those hold."""
    text = _text(path)
    if isinstance(text, Diagnostic):
        if named:
            yield text
        return
    documents = (load_json(text, str(path)),) if path.suffix == ".json" else load_trees(text, str(path))
    if len(documents) > 1 and not any(is_object(each.value) for each in documents):
        documents = (load_tree(text, str(path)),)  # says that only one is read
    for loaded in documents:
        if loaded.value is None and (named or seems_meant(text)):
            yield from loaded.diagnostics
        elif is_object(loaded.value):
            yield from _of_objects(path, loaded)
        elif (kind := kind_of(loaded.value)) is not FileKind.OTHER:
            yield Document(path, kind, loaded)


def _of_objects(path: Path, loaded: Loaded[Plain]) -> Iterator[Document | Diagnostic]:
    for each in objects_in(loaded):
        is_rules = isinstance(each.value, dict) and each.value.get("kind") == _RULES
        yield Document(path, FileKind.RULES if is_rules else FileKind.MANIFEST, each)
        for held in files_in(each):
            kind = kind_of(held.loaded.value)
            if held.loaded.value is None and seems_meant(held.text):
                yield from held.loaded.diagnostics
            elif kind is not FileKind.OTHER:
                yield Document(path, kind, held.loaded, held.kind, held.name)


def _text(path: Path) -> str | Diagnostic:
    try:
        if not (path.is_file() or path.is_dir()):  # a pipe would keep whoever opens it
            return _fault(path, "no file that can be read")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1).decode("utf-8")
    except OSError as error:
        return _fault(path, f"cannot read the file: {error.strerror}")
    except UnicodeDecodeError as error:
        return _fault(path, f"not UTF-8 text (byte {error.start})")


def _fault(path: Path, reason: str) -> Diagnostic:
    return Diagnostic(str(path), 0, 0, 1, Severity.ERROR, "file/unreadable", reason)
