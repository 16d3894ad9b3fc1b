"""JSON text -> the same tree of values with their places as YAML's. YAML's reader refuses what JSON allows: tabs,
surrogate pairs in escapes."""

import json
import re
from bisect import bisect_right
from typing import Final

from hivesight.model.diagnostics import Diagnostic, Severity
from hivesight.schema.tree import MAX_BYTES, MAX_DEPTH, MAX_NODES, Node, Place

_STRINGS: Final = json.JSONDecoder()
_BLANK: Final = re.compile(r"[ \t\n\r]*")
_WORD: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null")


def read(text: str, path: str) -> Node | Diagnostic:
    """The document's tree, or what is wrong with it and where (RFC 8259)."""
    if len(text) > MAX_BYTES:
        return Diagnostic(path, 1, 1, 1, Severity.ERROR, "json/too-large", f"larger than {MAX_BYTES >> 20} MiB")
    reader = _Reader(text)
    try:
        return reader.document()
    except _Fault as fault:
        place = reader.place(fault.start, fault.start + 1)
        return Diagnostic(path, place.line, place.col, 1, Severity.ERROR, fault.code, fault.message)


class _Fault(Exception):
    def __init__(self, start: int, message: str, code: str = "json/syntax") -> None:
        super().__init__(message)
        self.start, self.message, self.code = start, message, code


class _Reader:
    """Each method takes the offset at which something begins and answers with what it is and where it ends."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self._nodes = 0

    def place(self, start: int, end: int, quoted: bool = False) -> Place:
        line = bisect_right(self._lines, start)
        return Place(line, start - self._lines[line - 1] + 1, max(1, end - start), quoted=quoted)

    def document(self) -> Node:
        node, end = self._value(self._skip(0), 0)
        end = self._skip(end)
        if end != len(self._text):
            raise _Fault(end, "the document has ended before this")
        return node

    def _value(self, start: int, depth: int) -> tuple[Node, int]:
        self._nodes += 1
        if depth > MAX_DEPTH:
            raise _Fault(start, f"nested more than {MAX_DEPTH} levels deep", "json/too-deep")
        if self._nodes > MAX_NODES:
            raise _Fault(start, f"more than {MAX_NODES} values", "json/too-many")
        match self._text[start : start + 1]:
            case "{":
                return self._object(start, depth)
            case "[":
                return self._array(start, depth)
            case '"':
                value, end = self._string(start)
                return Node(value, self.place(start, end, quoted=True)), end
            case _:
                word = _WORD.match(self._text, start)
                if word is None:
                    raise _Fault(start, "a value is missing here: a text, a number, true, false, null, [ or {")
                value = None if word[0] == "null" else word[0]
                return Node(value, self.place(start, word.end())), word.end()

    def _string(self, start: int) -> tuple[str, int]:
        try:
            value, end = _STRINGS.raw_decode(self._text, start)
        except json.JSONDecodeError as error:
            raise _Fault(error.pos, error.msg[0].lower() + error.msg[1:]) from None
        # Half a surrogate pair is no character, and could not be printed.
        return (value if value.isascii() else value.encode("utf-8", "replace").decode()), end

    def _object(self, start: int, depth: int) -> tuple[Node, int]:
        items: dict[str | int, tuple[Place, Node]] = {}
        at = self._skip(start + 1)
        while self._text[at : at + 1] != "}":
            at = self._next(at, bool(items), "}")
            if self._text[at : at + 1] != '"':
                raise _Fault(at, "a key in double quotes is missing here")
            key, end = self._string(at)
            colon = self._skip(end)
            if self._text[colon : colon + 1] != ":":
                raise _Fault(colon, "a colon is missing here")
            node, after = self._value(self._skip(colon + 1), depth + 1)
            items[key] = (self.place(at, end, quoted=True), node)
            at = self._skip(after)
        return self._whole(start, at, items, is_list=False), at + 1

    def _array(self, start: int, depth: int) -> tuple[Node, int]:
        items: dict[str | int, tuple[Place, Node]] = {}
        at = self._skip(start + 1)
        while self._text[at : at + 1] != "]":
            node, after = self._value(self._next(at, bool(items), "]"), depth + 1)
            items[len(items)] = (node.place, node)
            at = self._skip(after)
        return self._whole(start, at, items, is_list=True), at + 1

    def _whole(self, start: int, last: int, items: dict[str | int, tuple[Place, Node]], is_list: bool) -> Node:
        place = self.place(start, start + 1)
        return Node(None, place, items, is_list, size=1 + sum(node.size for _, node in items.values()))

    def _next(self, at: int, after_another: bool, closing: str) -> int:
        """Where the next member begins: after the comma, where another stands before it."""
        if not after_another:
            return at
        if self._text[at : at + 1] != ",":
            raise _Fault(at, f"a comma or {closing} is missing here")
        return self._skip(at + 1)

    def _skip(self, at: int) -> int:
        match = _BLANK.match(self._text, at)
        return match.end() if match is not None else at
