"""Configuration files: what is read, and where a fault is shown."""

from dataclasses import field
from typing import Annotated

import pytest

from hivesight.model.labels import Labels
from hivesight.schema import (
    Bytes,
    DurationMs,
    HttpUrl,
    LabelSet,
    RegexText,
    SecretText,
    Text,
    key,
    load,
    load_file,
    section,
)


@section
class Item:
    name: Text
    for_ms: Annotated[DurationMs, key("for")] = 0
    labels: LabelSet = Labels()
    count: int = 1
    on: bool = False
    url: HttpUrl | None = None
    pattern: RegexText = ""
    token: SecretText | None = None
    size: Bytes = 0


@section
class File:
    items: tuple[Item, ...] = ()
    by_name: dict[str, Item] = field(default_factory=dict[str, Item])


def test_values_are_read() -> None:
    loaded = load(
        "items:\n- &d {name: z, for: 5m, labels: {severity: 1}, token: hush, size: 10MB, url: 'http://x/'}\n"
        "- <<: *d\n  name: 2\n  count: ~\n  on: true\n",
        "f.yml",
        File,
    )
    assert loaded.value is not None
    first, second = loaded.value.items
    assert (first.for_ms, first.labels, first.size) == (300_000, Labels({"severity": "1"}), 10 << 20)
    assert "hush" not in repr(first) and first.token is not None and first.token.reveal() == "hush"
    assert (second.name, second.count, second.on, second.for_ms) == ("2", 1, True, 300_000)


def test_an_empty_file_is_all_defaults() -> None:
    assert load("# nothing\n", "f.yml", File).value == File()


FAULTS = [
    ("items:\n  - nam: x\n", 2, 5, "config/unknown-key", "did you mean 'name'?"),
    ("itms: []\n", 1, 1, "config/unknown-key", "did you mean 'items'?"),
    ("items:\n  - for: 5m\n", 2, 5, "config/missing-key", "'name' is missing"),
    ("items:\n  - name: x\n    for: 5 min\n", 3, 10, "config/value", "not a valid duration"),
    ("items:\n  - name: x\n    count: many\n", 3, 12, "config/value", "valid integer"),
    ("items:\n  - name: x\n    url: ftp://x\n", 3, 10, "config/value", "unsupported scheme 'ftp'"),
    ("items:\n  - name: x\n    url: YOUR_URL\n", 3, 10, "config/value", "unsupported scheme ''"),
    ("items:\n  - name: x\n    url: http://x:99999/\n", 3, 10, "config/value", "a number up to 65535"),
    ("items:\n  - name: x\n    url: http://x:tok3n/\n", 3, 10, "config/value", "a number up to 65535"),
    ("items:\n  - name: x\n    url: http://[::1/\n", 3, 10, "config/value", "not a URL"),
    ("items:\n  - name: x\n    pattern: '('\n", 3, 14, "config/value", "bad regular expression"),
    ("items: {a: b}\n", 1, 8, "config/value", "expected a list"),
    ("items: [a]\n", 1, 9, "config/value", "expected a mapping"),
    ("- a\n", 1, 1, "config/value", "expected a mapping"),
    ("items:\n  - name: [a]\n", 2, 11, "config/value", "expected a text"),
    ("items: [\n", 2, 1, "yaml/syntax", ""),
    ("a: b: c\n", 1, 5, "yaml/syntax", ""),
    ("items: []\nitems: []\n", 2, 1, "yaml/duplicate-key", "twice"),
    ("items: []\n---\nitems: []\n", 2, 1, "yaml/several-documents", ""),
    ("by_name:\n  k: {name: x, zz: 1}\n", 2, 16, "config/unknown-key", "known here: count, for"),
    ("items: *a\n", 1, 8, "yaml/alias", "&a"),
    ("items: " + "[" * 200, 1, 72, "yaml/too-deep", "64"),
]


@pytest.mark.parametrize(("text", "line", "col", "code", "message"), FAULTS)
def test_faults_have_a_place(text: str, line: int, col: int, code: str, message: str) -> None:
    loaded = load(text, "f.yml", File)
    fault = loaded.diagnostics[0]
    assert loaded.value is None
    assert (fault.line, fault.col, fault.code) == (line, col, code)
    assert message in fault.message


def test_all_faults_are_told_at_once() -> None:
    loaded = load("items:\n  - nam: x\n    for: y\n  - name: z\n    count: q\n", "f.yml", File)
    assert sorted(each.line for each in loaded.diagnostics) == [2, 2, 3, 5]


def test_aliases_cannot_multiply() -> None:
    lines = ["a: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"b{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    assert load("\n".join(lines), "f.yml", File).diagnostics[0].code == "yaml/too-many"


@pytest.mark.parametrize(
    ("text", "offset", "line", "col"),
    [
        ("items:\n  - name: abc\n", 2, 2, 13),
        ("items:\n  - name: 'abc'\n", 2, 2, 14),
        ("items:\n  - name: |\n      abc\n      def\n", 5, 4, 8),
    ],
)
def test_a_place_inside_a_text(text: str, offset: int, line: int, col: int) -> None:
    fault = load(text, "f.yml", File).at(("items", 0, "name"), "x/y", "here", offset=offset)
    assert (fault.line, fault.col) == (line, col)


def test_a_caret_stands_under_the_fault() -> None:
    text = "items:\n  - nam: x\n    name: y\n"
    fault = load(text, "f.yml", File).diagnostics[0]
    assert fault.render(text) == (
        "f.yml:2:5: error: unknown key 'nam'; did you mean 'name'? [config/unknown-key]\n"
        "    2 |   - nam: x\n"
        "            ^^^"
    )


def test_a_file_that_cannot_be_read(tmp_path) -> None:
    assert load_file(tmp_path / "none.yml", File).diagnostics[0].code == "file/unreadable"
    (tmp_path / "bad.yml").write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8" in load_file(tmp_path / "bad.yml", File).diagnostics[0].message
