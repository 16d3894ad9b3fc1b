"""Tables of checks: files with one fault, marked where the caret belongs, and the change that mends it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hivesight.doctor import Finding, check_paths

_MARK = re.compile("⟦(.*?)⟧")


@dataclass(frozen=True)
class Case:
    """code: of the check. files: name -> text, in one of which ⟦the faulty text⟧ is marked. mended: pairs of a text and
    what stands in its place in the files that are right."""

    code: str
    files: Mapping[str, str]
    mended: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return self.code

    def place(self) -> tuple[str, int, int, int]:
        """File, line, column and length of the mark."""
        for name, text in self.files.items():
            for number, line in enumerate(text.splitlines(), 1):
                if match := _MARK.search(line):
                    return name, number, match.start() + 1, len(match[1])
        raise AssertionError(f"no mark in the case of {self.code}")

    def bare(self) -> dict[str, str]:
        return {name: _MARK.sub(r"\1", text) for name, text in self.files.items()}

    def right(self) -> dict[str, str]:
        files = self.bare()
        for old, new in self.mended:
            assert any(old in text for text in files.values()), old
            files = {name: text.replace(old, new) for name, text in files.items()}
        return files


def examine(folder: Path, files: Mapping[str, str]) -> list[Finding]:
    """What the doctor says of these files."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(check_paths([folder]).findings)


def of(code: str, findings: list[Finding]) -> Iterator[tuple[str, int, int, int]]:
    """The places of the findings of one check."""
    for each in findings:
        if each.code == code:
            place = each.diagnostic
            yield Path(place.path).name, place.line, place.col, place.length


def check_case(case: Case, folder: Path) -> None:
    """Found at the mark, and not any more where it is mended."""
    assert list(of(case.code, examine(folder / "faulty", case.bare()))) == [case.place()]
    assert list(of(case.code, examine(folder / "mended", case.right()))) == []
