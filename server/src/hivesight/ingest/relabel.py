"""Relabelling: a label set goes through a list of rules and comes out changed, or not at all. Target discovery, the
scrape loop and alert sending use it. Semantics: Prometheus' `model/relabel`."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from hivesight.model.labels import Labels
from hivesight.model.matcher import Match, Regex, compile_regex
from hivesight.schema import LabelName, RegexText, Text, parsed, section

DEFAULT_REGEX: Final = "(.*)"
DEFAULT_REPLACEMENT: Final = "$1"
DEFAULT_SEPARATOR: Final = ";"
ACTIONS: Final = (
    "replace",
    "keep",
    "drop",
    "hashmod",
    "labelmap",
    "labeldrop",
    "labelkeep",
    "lowercase",
    "uppercase",
    "keepequal",
    "dropequal",
)
_WITH_TARGET: Final = frozenset(("replace", "hashmod", "lowercase", "uppercase", "keepequal", "dropequal"))
_WITHOUT_REPLACEMENT: Final = frozenset(("lowercase", "uppercase", "keepequal", "dropequal"))
_REFERENCE: Final = re.compile(r"\$(?:\$|([A-Za-z0-9_]+)|\{([A-Za-z0-9_]+)\})")


def _action(text: str) -> str:
    if text.lower() not in ACTIONS:
        raise ValueError(f"unknown relabel action {text!r}; known: {', '.join(ACTIONS)}")
    return text.lower()


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) >= 1 << 64:
        raise ValueError(f"expected a whole number, not {text!r}")
    return int(text)


@section
class RelabelConfig:
    """One rule, as `relabel_configs`, `metric_relabel_configs` and `alert_relabel_configs` hold them. Raises
    ValueError (a diagnostic, when it is read from a file) for keys that the action does not take."""

    source_labels: tuple[LabelName, ...] = ()
    separator: Text = DEFAULT_SEPARATOR
    regex: RegexText = DEFAULT_REGEX
    modulus: Annotated[int, parsed(_count)] = 0
    target_label: Text = ""
    replacement: Text = DEFAULT_REPLACEMENT
    action: Annotated[str, parsed(_action)] = "replace"

    def __post_init__(self) -> None:
        fault = self._fault()
        if fault:
            raise ValueError(fault)

    def _fault(self) -> str | None:
        action = self.action
        others = (self.modulus, self.separator, self.replacement) != (0, DEFAULT_SEPARATOR, DEFAULT_REPLACEMENT)
        if action == "hashmod" and not self.modulus:
            return "relabel configuration for hashmod requires non-zero modulus"
        if action in _WITH_TARGET and not self.target_label:
            return f"relabel configuration for {action} action requires 'target_label' value"
        if action in ("keepequal", "dropequal") and (others or self.regex != DEFAULT_REGEX):
            return f"{action} action requires only 'source_labels' and 'target_label', and no other fields"
        if action in _WITHOUT_REPLACEMENT and self.replacement != DEFAULT_REPLACEMENT:
            return f"'replacement' can not be set for {action} action"
        if action in ("labeldrop", "labelkeep") and (others or self.source_labels or self.target_label):
            return f"{action} action requires only 'regex', and no other fields"
        if action == "labelmap" and not self.replacement:
            return "'replacement' cannot be empty for labelmap action"
        return None


Template = tuple[str | int, ...]
"""Literal texts, and numbers of groups. A reference to a group that is not there expands to nothing, as in Go."""


def _template(text: str, groups: Mapping[str, int], count: int) -> Template:
    parts: list[str | int] = []
    end = 0
    for found in _REFERENCE.finditer(text):
        parts.append(text[end : found.start()])
        end = found.end()
        name: str | None = found[1] or found[2]
        if name is None:
            parts.append("$")
        elif name.isdigit():
            number = int(name) if len(name) < 6 else count + 1
            parts.append(number if number <= count else "")
        else:
            parts.append(groups.get(name, ""))
    parts.append(text[end:])
    return tuple(part for part in parts if part != "")


def _expand(template: Template, match: Match) -> str:
    return "".join(part if isinstance(part, str) else match.group(part) or "" for part in template)


Step = Callable[[dict[str, str]], bool]
"""Changes the labels in place; False drops them."""


@dataclass(frozen=True, slots=True)
class Relabelling:
    """Rules made ready: expressions and templates are compiled once. Call `apply`."""

    steps: tuple[Step, ...]

    def apply(self, labels: Mapping[str, str]) -> Labels | None:
        """The label set after all rules, or None where a rule dropped it (or nothing is left of it)."""
        changed = dict(labels)
        for step in self.steps:
            if not step(changed):
                return None
        return Labels(changed) if changed else None


def relabelling(configs: Iterable[RelabelConfig]) -> Relabelling:
    """The rules, compiled, to be applied in order."""
    return Relabelling(tuple(_step(config) for config in configs))


def _step(config: RelabelConfig) -> Step:
    regex = compile_regex(config.regex)
    groups: Mapping[str, int] = getattr(regex, "groupindex")  # noqa: B009  # not part of the Regex protocol
    count: int = getattr(regex, "groups")  # noqa: B009
    names, separator, target = config.source_labels, config.separator, config.target_label
    replacement = _template(config.replacement, groups, count)

    def value(labels: dict[str, str]) -> str:
        return separator.join([labels.get(name, "") for name in names])

    def put(labels: dict[str, str], name: str, text: str) -> bool:
        if text:
            labels[name] = text
        else:
            labels.pop(name, None)
        return True

    match config.action:
        case "keep":
            return lambda labels: regex.fullmatch(value(labels)) is not None
        case "drop":
            return lambda labels: regex.fullmatch(value(labels)) is None
        case "keepequal":
            return lambda labels: labels.get(target, "") == value(labels)
        case "dropequal":
            return lambda labels: labels.get(target, "") != value(labels)
        case "lowercase":
            return lambda labels: put(labels, target, value(labels).lower())
        case "uppercase":
            return lambda labels: put(labels, target, value(labels).upper())
        case "hashmod":
            return lambda labels: put(labels, target, str(_hash(value(labels)) % config.modulus))
        case "labelmap":
            return lambda labels: _map(labels, regex, replacement)
        case "labeldrop":
            return lambda labels: _retain(labels, lambda name: regex.fullmatch(name) is None)
        case "labelkeep":
            return lambda labels: _retain(labels, lambda name: regex.fullmatch(name) is not None)
        case _:
            return _replace(value, regex, _template(target, groups, count), replacement)


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.md5(text.encode(), usedforsecurity=False).digest()[8:])


def _map(labels: dict[str, str], regex: Regex, replacement: Template) -> bool:
    for name, value in list(labels.items()):
        match = regex.fullmatch(name)
        if match is not None:
            labels[_expand(replacement, match)] = value
    labels.pop("", None)
    return True


def _retain(labels: dict[str, str], wanted: Callable[[str], bool]) -> bool:
    for name in [name for name in labels if not wanted(name)]:
        del labels[name]
    return True


def _replace(value: Callable[[dict[str, str]], str], regex: Regex, target: Template, replacement: Template) -> Step:
    def step(labels: dict[str, str]) -> bool:
        match = regex.fullmatch(value(labels))
        if match is None:
            return True
        name = _expand(target, match)
        if not name:
            return True
        text = _expand(replacement, match)
        if text:
            labels[name] = text
        else:
            labels.pop(name, None)
        return True

    return step
