"""Label sets: what names a series or an alert. Immutable, sorted by name, without empty values."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

METRIC_NAME: Final = "__name__"

_FNV_OFFSET: Final = 0xCBF29CE484222325
_FNV_PRIME: Final = 0x100000001B3
_MASK_64: Final = 0xFFFFFFFFFFFFFFFF


class Labels(Mapping[str, str]):
    """An immutable label set. Enters: a mapping or pairs of names and values; a label with an empty value
    is the same as no label (Prometheus data model) and is dropped. Equal sets are equal and hash equally."""

    __slots__ = ("_fingerprint", "_hash", "pairs")

    pairs: tuple[tuple[str, str], ...]
    _fingerprint: str | None
    _hash: int | None

    def __init__(self, labels: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        self.pairs = tuple(sorted([pair for pair in dict(labels).items() if pair[1]]))
        self._fingerprint = self._hash = None

    @classmethod
    def of_sorted(cls, pairs: tuple[tuple[str, str], ...]) -> "Labels":
        """The set of pairs that are known to be sorted by name, each name once and no value empty."""
        made = cls.__new__(cls)
        made.pairs = pairs
        made._fingerprint = made._hash = None
        return made

    def __getitem__(self, name: str) -> str:
        for key, value in self.pairs:
            if key == name:
                return value
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def __hash__(self) -> int:
        # Most sets are never asked for it.
        if self._hash is None:
            self._hash = hash(self.pairs)
        return self._hash

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Labels):
            return self.pairs == other.pairs
        return NotImplemented if not isinstance(other, Mapping) else dict(self.pairs) == other

    def __lt__(self, other: "Labels") -> bool:
        return self.pairs < other.pairs

    @property
    def name(self) -> str:
        """The metric's name, or an empty string."""
        return self.value(METRIC_NAME)

    def value(self, name: str) -> str:
        """The label's value; an absent label has the empty value."""
        for key, value in self.pairs:
            if key == name:
                return value
        return ""

    def merged(self, other: Mapping[str, str]) -> "Labels":
        """These labels with those of `other` over them; an empty value there removes the label."""
        return Labels({**dict(self.pairs), **other})

    def without(self, *names: str) -> "Labels":
        """These labels less the named ones."""
        return Labels.of_sorted(tuple([pair for pair in self.pairs if pair[0] not in names]))

    def only(self, names: Iterable[str]) -> "Labels":
        """Those of these labels that are named."""
        kept = set(names)
        return Labels.of_sorted(tuple([pair for pair in self.pairs if pair[0] in kept]))

    def fingerprint(self) -> str:
        """16 hexadecimal digits: 64-bit FNV-1a over name, 0xff, value, 0xff in order of names, which is what
        Prometheus and Alertmanager show as an alert's fingerprint. Worked out once."""
        if self._fingerprint is not None:
            return self._fingerprint
        total = _FNV_OFFSET
        for name, value in self.pairs:
            for byte in b"%b\xff%b\xff" % (name.encode(), value.encode()):
                total = ((total ^ byte) * _FNV_PRIME) & _MASK_64
        self._fingerprint = f"{total:016x}"
        return self._fingerprint

    def __str__(self) -> str:
        """The set as PromQL writes it: `up{job="node"}`."""
        shown = ", ".join(f"{name}={quoted(value)}" for name, value in self.pairs if name != METRIC_NAME)
        return f"{self.name}{{{shown}}}" if shown or not self.name else self.name

    def __repr__(self) -> str:
        return f"Labels({dict(self.pairs)!r})"


NO_LABELS: Final = Labels()


def quoted(text: str) -> str:
    """A Go string literal with double quotes, as exposition and PromQL write label values."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
