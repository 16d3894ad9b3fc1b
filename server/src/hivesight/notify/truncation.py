"""Texts cut to what a service takes, in the units that it counts in, and never in the middle of what a reader sees as
one character (Unicode, "Text Segmentation", UAX 29, of which this knows what messages hold: marks, joiners, skin
tones, flags)."""

import unicodedata
from collections.abc import Callable
from typing import Final

MARK: Final = "…"
_MOST_BACK: Final = 32
"""A character of more marks than this is cut all the same."""

Count = Callable[[str], int]


def characters(text: str) -> int:
    """Code points."""
    return len(text)


def utf16(text: str) -> int:
    """UTF-16 code units, as JavaScript, Java and Telegram count."""
    return len(text) + sum(character > "\uffff" for character in text)


def utf8(text: str) -> int:
    """Bytes."""
    return len(text.encode("utf-8", "replace"))


def truncate(text: str, most: int, count: Count = characters, mark: str = MARK) -> str:
    """The text, or as much of it as fits into `most` together with the mark at its end."""
    if len(text) <= most and count(text) <= most:
        return text
    left = most - count(mark)
    if left < 0:
        return ""
    low, high = 0, min(len(text), left)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count(text[:middle]) <= left else (low, middle - 1)
    return text[: _boundary(text, low)] + mark


def _boundary(text: str, end: int) -> int:
    """The nearest place at or before `end` where no character is split."""
    for place in range(end, max(0, end - _MOST_BACK), -1):
        if not _joined(text, place):
            return place
    return 0 if end < _MOST_BACK else end


def _joined(text: str, place: int) -> bool:
    """Whether what stands before `place` and what stands after it are one character."""
    if not 0 < place < len(text):
        return False
    before, after = text[place - 1], text[place]
    if _extends(after) or before == "\u200d" or (before, after) == ("\r", "\n"):
        return True
    if not (_regional(before) and _regional(after)):
        return False
    run = 0
    while run < place and run <= _MOST_BACK and _regional(text[place - 1 - run]):
        run += 1
    return run % 2 == 1


def _extends(character: str) -> bool:
    return (
        unicodedata.category(character) in ("Mn", "Me", "Mc")
        or character == "\u200d"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
    )


def _regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
