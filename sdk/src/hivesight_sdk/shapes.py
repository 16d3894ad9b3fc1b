"""Reading from objects of the host whose class is not known: answers of clients, results of tools."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import cast


def attribute(holder: object, name: str) -> object:
    """The attribute, or the key of a mapping, called `name`; None where there is none or reading it raises."""
    if holder is None:
        return None
    if type(holder) is dict:
        return cast("dict[str, object]", holder).get(name)
    try:
        # Asking whether it is a mapping costs several times what the rest does.
        if hasattr(holder, "get") and isinstance(holder, Mapping):
            return cast("Mapping[str, object]", holder).get(name)
        return cast("object", getattr(holder, name, None))
    except Exception:  # noqa: BLE001  a property of the host's own objects may raise anything
        return None


def reader(holder: object) -> Callable[[str], object]:
    """`attribute` of this holder, by name: for several questions to the same one."""
    return cast("dict[str, object]", holder).get if type(holder) is dict else partial(attribute, holder)
