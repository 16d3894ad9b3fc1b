"""Ways into a document's tree, for files that are read as they stand and not as a section."""

from collections.abc import Iterator

from hivesight.schema.tree import Node


def child(node: Node, *path: str | int) -> Node | None:
    """The value at `path` below `node`, a null among them; None where there is none."""
    for step in path:
        found = (node.items or {}).get(step)
        if found is None:
            return None
        node = found[1]
    return node


def text(node: Node, *path: str | int) -> str:
    """The text at `path` below `node`; "" where there is none."""
    found = child(node, *path)
    return (found.value or "") if found is not None else ""


def listed(node: Node, *path: str | int) -> Iterator[tuple[int, Node]]:
    """The elements of the list at `path`; none where there is no list."""
    found = child(node, *path)
    if found is not None and found.is_list:
        yield from enumerate(each for _, each in (found.items or {}).values())


def mapped(node: Node, *path: str | int) -> Iterator[tuple[str, Node]]:
    """The keys and values of the mapping at `path`; none where there is no mapping."""
    found = child(node, *path)
    if found is not None and not found.is_list:
        yield from ((str(key), each) for key, (_, each) in (found.items or {}).items())
