"""Files inside of files: every place is that of the outer one."""

import pytest

from hivesight.schema import Loaded, load_inside, load_trees

INNER = "a: 1\nb:\n  - 'c'\n  - d: e f\n"


def inside(outer: str, *path: str, is_json: bool = False) -> Loaded:
    (loaded,) = load_trees(outer, "outer.yaml")
    _, node = loaded.root.find(path)
    return load_inside(loaded, node, is_json=is_json)


def shown(outer: str, loaded: Loaded, *path: str | int) -> str:
    """What stands in the outer text where the value is said to be."""
    _, node = loaded.root.find(path)
    return outer.split("\n")[node.place.line - 1][node.place.col - 1 :][: node.place.length]


@pytest.mark.parametrize("header", ["|", "|-", "|+", "|2", "|\r", "| # the file"])
def test_literal_block(header: str) -> None:
    outer = f"data:\n  x.yml: {header}\n" + "".join(f"    {line}\n" for line in INNER.splitlines())
    loaded = inside(outer, "data", "x.yml")
    assert loaded.value == {"a": "1", "b": ["c", {"d": "e f"}]}
    assert shown(outer, loaded, "b", 0) == "'c'"
    assert shown(outer, loaded, "b", 1, "d") == "e f"
    found = loaded.at(("b", 1, "d"), "x", "y", offset=2)
    assert (found.line, found.col) == (6, 14)


def test_block_in_a_block() -> None:
    outer = "data:\n  x.yml: |\n\n    expr: |\n      one\n      two three\n"
    loaded = inside(outer, "data", "x.yml")
    found = loaded.at(("expr",), "x", "y", offset=8)
    assert (found.line, found.col) == (6, 11)


def test_quoted_json() -> None:
    outer = r'data: {x.json: "{\"a\": [1, \"two\", \"\\\"three\\u00e9\"],\n\"b\": \"four\"}"}'
    loaded = inside(outer, "data", "x.json", is_json=True)
    assert loaded.value == {"a": ["1", "two", '"three\u00e9'], "b": "four"}
    assert shown(outer, loaded, "a", 1) == r"\"two\""
    assert shown(outer, loaded, "b") == r"\"four\""


def test_what_cannot_be_read_is_told_where_it_stands() -> None:
    (fault,) = inside("data:\n  x.yml: |\n    a: 1\n    b: [\n", "data", "x.yml").diagnostics
    assert fault.line == 5 or (fault.line, fault.code) == (4, "yaml/syntax")


def test_folded_text_is_told_at_its_beginning() -> None:
    outer = "data:\n  x.yml: >\n    a: 1\n\n    b: 2\n"
    loaded = inside(outer, "data", "x.yml")
    assert loaded.root.find(("b",))[1].place.line == 2


def test_aliases_are_moved_once() -> None:
    deep = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 12))
    outer = "data:\n  x.yml: |\n" + "".join(f"    {line}\n" for line in deep.splitlines())
    assert inside(outer, "data", "x.yml").root.find(("a0", 1))[1].place.line == 3


def test_thousands_of_files_in_one() -> None:
    count = 2_000
    outer = "data:\n" + "".join(f'  f{n}.yml: "a: [{n}]"\n' for n in range(count))
    (loaded,) = load_trees(outer, "outer.yaml")
    _, data = loaded.root.find(("data",))
    inner = [load_inside(loaded, node) for _, node in (data.items or {}).values()]
    assert shown(outer, inner[-1], "a", 0) == str(count - 1)
