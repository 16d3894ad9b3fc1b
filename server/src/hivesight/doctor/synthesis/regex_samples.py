"""Texts that a regular expression accepts: a few of the shortest, one for each alternative. They are proposals: the
caller checks them, so what is not understood here (assertions, rare classes) costs nothing but a missed proposal."""

from itertools import product
from typing import Final

MAX_SAMPLES: Final = 24
MAX_LENGTH: Final = 10_000
"""Of an expression, in characters."""
_MAX_DEPTH: Final = 50
_CLASSES: Final = {"d": "1", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a", "n": "\n", "t": "\t", "r": "\r"}
_PRINTABLE: Final = "a1Ab2-_.x0 /:" + "".join(map(chr, range(33, 127)))


def samples(pattern: str, filler: str) -> list[str]:
    """Texts that the anchored expression probably accepts. filler: what `.*` and `.+` may stand for."""
    if len(pattern) > MAX_LENGTH:
        return []
    reader = _Reader(pattern, filler)
    try:
        return list(dict.fromkeys(reader.alternatives(0)))
    except (IndexError, ValueError):
        return []


class _Reader:
    def __init__(self, pattern: str, filler: str) -> None:
        self.text = pattern
        self.filler = filler
        self.at = 0

    def alternatives(self, depth: int) -> list[str]:
        """`a|b`, up to its end or the bracket that closes it."""
        if depth > _MAX_DEPTH:
            raise ValueError("nested too deeply")
        found = self._sequence(depth)
        while self._peek() == "|":
            self.at += 1
            found += self._sequence(depth)
        return found[:MAX_SAMPLES]

    def _sequence(self, depth: int) -> list[str]:
        made = [""]
        while self._peek() not in ("", "|", ")"):
            choices = self._repeated(self._atom(depth))
            made = [head + tail for tail, head in product(choices, made)][:MAX_SAMPLES]
        return made

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _take(self) -> str:
        self.at += 1
        return self.text[self.at - 1]

    def _atom(self, depth: int) -> list[str]:
        match self._take():
            case "(":
                self._group_flags()
                found = self.alternatives(depth + 1)
                self.at += 1
                return found
            case "[":
                return [self._class()]
            case "\\":
                return [self._escaped()]
            case ".":
                return [self.filler if self._peek() in ("*", "+") else "x"]
            case "^" | "$":
                return [""]
            case literal:
                return [literal]

    def _group_flags(self) -> None:
        if self._peek() != "?":
            return
        while self._peek() not in ("", ":", ">", ")"):
            self.at += 1
        if self._peek() in (":", ">"):
            self.at += 1

    def _escaped(self) -> str:
        name = self._take()
        if name in "bBAzZ":
            return ""
        if name == "Q":
            end = self.text.find("\\E", self.at)
            end = len(self.text) if end < 0 else end
            quoted, self.at = self.text[self.at : end], end + 2
            return quoted
        return _CLASSES.get(name, name)

    def _class(self) -> str:
        negated = self._peek() == "^"
        self.at += negated
        members: list[str] = []
        begun = self.at
        while self._peek() != "]" or self.at == begun:
            one = self._take()
            if one == "[" and self._peek() == ":":
                end = self.text.index(":]", self.at)
                one, self.at = ("1" if "digit" in self.text[self.at : end] else "a"), end + 2
            elif one == "\\":
                one = self._escaped()
            if self._peek() == "-" and self.text[self.at + 1 : self.at + 2] not in ("", "]"):
                self.at += 1
                last = self._take()
                members += map(chr, range(ord(one), min(ord(last), ord(one) + 200) + 1))
            else:
                members.append(one)
        self.at += 1
        return next(each for each in _PRINTABLE if each not in members) if negated else members[0]

    def _repeated(self, choices: list[str]) -> list[str]:
        sign = self._peek()
        if sign not in ("*", "+", "?", "{") or (sign == "{" and not self.text[self.at + 1 : self.at + 2].isdigit()):
            return choices
        self.at += 1
        fewest = 1
        if sign == "{":
            end = self.text.index("}", self.at)
            fewest, self.at = int(self.text[self.at : end].split(",")[0]), end + 1
        if self._peek() == "?":
            self.at += 1
        if fewest > 1_000:
            raise ValueError("repeated too often")
        once = [each * fewest for each in choices]
        return [*once, ""] if sign in ("*", "?") else once
