"""Label sets as notification templates see them (Alertmanager's template.KV and template.Pairs)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import overload

from hivesight.gotmpl.values import Method
from hivesight.model.labels import Labels


class Pair:
    """One label: `.Name` and `.Value`."""

    __slots__ = ("name", "value")
    type_name = "template.Pair"

    def __init__(self, name: str, value: str) -> None:
        self.name = name
        self.value = value

    def template_fields(self) -> Mapping[str, object]:
        return {"Name": self.name, "Value": self.value}


class Pairs(Sequence[Pair]):
    """Labels in order, with `.Names` and `.Values`; prints as `a=1, b=2`."""

    __slots__ = ("_pairs",)
    type_name = "template.Pairs"

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self._pairs = tuple(pairs)

    @overload
    def __getitem__(self, index: int) -> Pair: ...
    @overload
    def __getitem__(self, index: slice) -> "Pairs": ...
    def __getitem__(self, index: int | slice) -> "Pair | Pairs":
        return Pairs(self._pairs[index]) if isinstance(index, slice) else self._pairs[index]

    def __len__(self) -> int:
        return len(self._pairs)

    def names(self) -> list[str]:
        return [pair.name for pair in self._pairs]

    def values(self) -> list[str]:
        return [pair.value for pair in self._pairs]

    def template_string(self) -> str:
        return ", ".join(f"{pair.name}={pair.value}" for pair in self._pairs)

    def template_methods(self) -> Mapping[str, Method]:
        return {"Names": self.names, "Values": self.values, "String": self.template_string}


class KV(Mapping[str, str]):
    """A label set with `.SortedPairs` (alertname first), `.Names`, `.Values` and `.Remove`; `.name` is a label."""

    __slots__ = ("_labels",)
    type_name = "template.KV"

    def __init__(self, labels: Mapping[str, str]) -> None:
        # A dictionary of pairs takes a fraction of the time of one of a mapping.
        self._labels = dict(labels.pairs if isinstance(labels, Labels) else labels)

    def __getitem__(self, name: str) -> str:
        return self._labels[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._labels)

    def __len__(self) -> int:
        return len(self._labels)

    def sorted_pairs(self) -> Pairs:
        names = sorted(self._labels, key=lambda name: (name != "alertname", name))
        return Pairs([Pair(name, self._labels[name]) for name in names])

    def remove(self, names: Sequence[str]) -> "KV":
        gone = set(names)
        return KV({name: value for name, value in self._labels.items() if name not in gone})

    def template_string(self) -> str:
        return self.sorted_pairs().template_string()

    def template_methods(self) -> Mapping[str, Method]:
        return {
            "SortedPairs": self.sorted_pairs,
            "Remove": self.remove,
            "Names": lambda: self.sorted_pairs().names(),
            "Values": lambda: self.sorted_pairs().values(),
            "String": self.template_string,
        }
