"""What becomes of files that are taken over."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Change:
    """A part of a file that cannot stay as it is. line: where it stands in the original."""

    line: int
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Copy:
    """A file that carries over. what: its kind and what it holds, in a few words. target: its path below the new
    directory. notes: what in it has no effect here."""

    source: Path
    target: str
    text: str
    what: str
    changes: tuple[Change, ...] = ()
    notes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Left:
    """A file that does not carry over."""

    source: Path
    what: str
    why: str


@dataclass(slots=True)
class Adoption:
    """copies: what carries over. made: files that are new, by their path below the new directory. left: what does not
    carry over. secrets: files that are named and not copied, under the path at which they are looked for. advice: what
    is to be known besides."""

    copies: list[Copy] = field(default_factory=list[Copy])
    made: dict[str, str] = field(default_factory=dict[str, str])
    left: list[Left] = field(default_factory=list[Left])
    secrets: dict[str, str] = field(default_factory=dict[str, str])
    advice: list[str] = field(default_factory=list[str])

    @property
    def files(self) -> dict[str, str]:
        """All that is to be written: path below the new directory -> text."""
        return {each.target: each.text for each in self.copies} | self.made
