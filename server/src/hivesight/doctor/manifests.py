"""Kubernetes manifests: the objects of a file, and the files that objects hold, as a ConfigMap holds dashboards."""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from hivesight.doctor.nodes import child, listed, mapped, text
from hivesight.schema import Loaded, Plain, load_inside
from hivesight.schema.tree import Node

SECRET: Final = "Secret"
_NAMED: Final = (".yaml", ".yml", ".json", ".rules")
_TEXTS: Final = {
    "ConfigMap": (("data",),),
    SECRET: (("stringData",),),
}
"""Where objects hold files by their names."""
_SPECS: Final = {
    "OpenTelemetryCollector": (("spec", "config"), "config.yaml"),
    "GrafanaDashboard": (("spec", "json"), "dashboard.json"),
}
"""Where objects of operators hold one file, as a text or as it is, and what to call it."""


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file in an object. kind: of the object. name: of the file. loaded: with the places of the manifest. text: of
    the file, "" where it stands there as it is."""

    kind: str
    name: str
    loaded: Loaded[Plain]
    text: str = ""


def is_object(value: Plain) -> bool:
    """Whether a document is an object of Kubernetes (Kubernetes, "Objects in Kubernetes")."""
    return isinstance(value, dict) and "kind" in value and "apiVersion" in value


def objects_in(loaded: Loaded[Plain]) -> Iterator[Loaded[Plain]]:
    """The object of a document, or those of a list of objects."""
    kind = text(loaded.root, "kind")
    if not kind.endswith("List") or child(loaded.root, "items") is None:
        yield loaded
        return
    for _, node in listed(loaded.root, "items"):
        plain = node.plain()
        if isinstance(plain, dict):  # the elements of a typed list need not say their kind
            yield replace(loaded, root=node, value={"kind": kind.removesuffix("List"), "apiVersion": "", **plain})


def files_in(loaded: Loaded[Plain]) -> Iterator[HeldFile]:
    """The files that an object holds, those too that cannot be read."""
    kind = loaded.value["kind"] if isinstance(loaded.value, dict) else ""
    if not isinstance(kind, str):
        return
    for path in _TEXTS.get(kind, ()):
        for name, node in mapped(loaded.root, *path):
            if node.value and name.endswith(_NAMED):
                yield _held(kind, name, loaded, node)
    if kind == SECRET:
        for name, node in mapped(loaded.root, "data"):
            decoded = _decoded(node) if name.endswith(_NAMED) else None
            if decoded is not None:
                yield _held(kind, name, loaded, decoded)
    if kind in _SPECS:
        path, name = _SPECS[kind]
        node = child(loaded.root, *path)
        if node is not None and node.value:
            yield _held(kind, name, loaded, node)
        elif node is not None and node.items is not None:
            yield HeldFile(kind, name, replace(loaded, root=node, value=node.plain()))


def _held(kind: str, name: str, loaded: Loaded[Plain], node: Node) -> HeldFile:
    return HeldFile(kind, name, load_inside(loaded, node, is_json=name.endswith(".json")), node.value or "")


def _decoded(node: Node) -> Node | None:
    """What a Secret's `data` says in base64; all of it stands where the text does."""
    try:
        value = base64.b64decode(node.value or "", validate=False).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return Node(value, replace(node.place, block=False, quoted=False))
