"""The page of checks is the catalogue's."""

from pathlib import Path

from hivesight.doctor.reference import page

PAGE = Path(__file__).parents[2] / "docs" / "checks.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "print it again: python -m hivesight.doctor.reference"
