"""Reading from objects of the host whose class is not known: answers of clients, results of tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast


def attribute(holder: object, name: str) -> object:
    """The attribute, or the key of a mapping, called `name`; None where there is none or reading it raises."""
    if holder is None:
        return None
    try:
        if isinstance(holder, Mapping):
            return cast("Mapping[str, object]", holder).get(name)
        return cast("object", getattr(holder, name, None))
    except Exception:  # noqa: BLE001  a property of the host's own objects may raise anything
        return None
