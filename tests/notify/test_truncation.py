"""Texts that are cut: within the limit, and nothing that a reader sees as one is split."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hivesight.notify.truncation import Count, characters, truncate, utf8, utf16

FAMILY = "👨\u200d👩\u200d👧"
CASES = [
    ("whole", 5, characters, "whole"),
    ("longer", 5, characters, "long…"),
    ("longer", 1, characters, "…"),
    ("longer", 0, characters, ""),
    ("aé" * 3, 5, utf8, "a…"),
    ("😀😀😀", 6, utf16, "😀😀😀"),
    ("😀😀😀", 5, utf16, "😀😀…"),
    ("😀😀😀", 4, utf16, "😀…"),
    ("xe\u0301y", 3, characters, "x…"),
    (f"a{FAMILY}b", 6, characters, "a…"),
    ("a👍🏽b", 3, characters, "a…"),
    ("🇩🇪🇫🇷🇮🇹", 4, characters, "🇩🇪…"),
    ("❤\ufe0fab", 3, characters, "❤\ufe0f…"),
    ("a" + "\u0301" * 100, 60, characters, "a" + "\u0301" * 58 + "…"),
]


@pytest.mark.parametrize(("text", "most", "count", "expected"), CASES)
def test_cuts(text: str, most: int, count: Count, expected: str) -> None:
    assert truncate(text, most, count) == expected


@given(st.text(), st.integers(0, 40), st.sampled_from([characters, utf16, utf8]))
def test_what_is_kept_fits_and_is_the_beginning(text: str, most: int, count: Count) -> None:
    kept = truncate(text, most, count)
    assert count(kept) <= most
    assert kept == text or text.startswith(kept.removesuffix("…"))
