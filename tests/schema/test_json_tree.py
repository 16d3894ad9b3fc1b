"""JSON read with places: what YAML's reader refuses, and where characters of a quoted text stand."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivesight.schema import load_json, load_tree
from hivesight.schema.quoting import quoted_as, source_offset

VALUES = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def plain(value: object) -> object:
    match value:
        case dict():
            return {key: plain(each) for key, each in value.items()}
        case list():
            return [plain(each) for each in value]
        case str():
            return value
        case _:
            return json.dumps(value)


@given(VALUES, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_what_json_says_is_read(value: object, indent: int | str | None, ascii_only: bool) -> None:
    assert load_json(json.dumps(value, indent=indent, ensure_ascii=ascii_only), "f").value == plain(value)


def test_places_are_those_of_the_source() -> None:
    loaded = load_json('{\n\t"a": "x\\"\\ud83d\\ude00yz", "b": [1, null, {"c": true}]}', "f")
    places = [loaded.at(("a",), "c", "m", offset=offset) for offset in (0, 1, 2, 3, 4)]
    assert [each.col for each in places] == [8, 9, 11, 23, 24]
    assert [each.length for each in places] == [1, 2, 12, 1, 1]
    assert (loaded.at(("b", 2, "c"), "c", "m").col, loaded.at(("b", 2, "c"), "c", "m").line) == (49, 2)


@pytest.mark.parametrize(
    ("text", "line", "col", "code"),
    [
        ('{"a" 1}', 1, 6, "json/syntax"),
        ('{"a": 1,\n}', 2, 1, "json/syntax"),
        ("[1 2]", 1, 4, "json/syntax"),
        ("[1,]", 1, 4, "json/syntax"),
        ("", 1, 1, "json/syntax"),
        ('{"a": "b', 1, 7, "json/syntax"),
        ("{} x", 1, 4, "json/syntax"),
        ("{'a': 1}", 1, 2, "json/syntax"),
        ("[" * 100, 1, 66, "json/too-deep"),
        ("[" + "1," * 500_000 + "1]", 1, 1_000_000, "json/too-many"),
    ],
)
def test_a_fault_is_shown_where_it_is(text: str, line: int, col: int, code: str) -> None:
    (fault,) = load_json(text, "f").diagnostics
    assert (fault.line, fault.col, fault.code) == (line, col, code)


@pytest.mark.parametrize(
    ("source", "offset", "expected"),
    [
        ('"abc"', 2, 3),
        (r'"a\"b\x41c"', 4, 9),
        ("'it''s'", 3, 5),
        (r'"\U0001F600x"', 1, 11),
        ('"abc"', 9, 10),
    ],
)
def test_a_character_of_a_value_is_found_in_its_source(source: str, offset: int, expected: int) -> None:
    assert source_offset(source, 0, offset) == expected


BLOCKS = ["|\n  ab\n    cd\n\n  ef\n", ">\n  ab\n  cd\n\n\n  ef\n   gh\n  ij\n", ">-\n    ab\n    cd", "|2\n  ab\n  cd"]


@pytest.mark.parametrize("block", BLOCKS)
def test_a_character_of_a_block_is_found_in_its_source(block: str) -> None:
    loaded = load_tree(f"a: {block}", "f")
    assert isinstance(loaded.value, dict)
    value = loaded.value["a"]
    assert isinstance(value, str)
    for offset, character in enumerate(value):
        place = loaded.at(("a",), "c", "m", offset=offset)
        if character.isalpha():
            assert loaded.text.split("\n")[place.line - 1][place.col - 1] == character


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"])), st.sampled_from(['"', "'"]))
def test_what_is_written_between_quotes_is_read_as_it_was(text: str, quote: str) -> None:
    written = quoted_as(quote, text)
    assert written is None or load_tree(f"{quote}{written}{quote}", "f").value == text
