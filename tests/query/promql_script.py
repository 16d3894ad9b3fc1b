"""Reads PromQL scripts: data, then questions and their answers.

    load 1m
      requests_total{job="a"} 0+10x5 _ 100 stale
    eval instant at 5m sum(requests_total)
      {} 50
    eval range from 0 to 2m step 1m requests_total
      requests_total{job="a"} 0 10 20
    eval instant at 0 1 +
      fail 1:4: parse error: unexpected end of input
    clear

`ordered`, `warn TEXT` and `info TEXT` may stand before the expected series. `#` begins a comment line."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from hivesight.model.duration import parse_duration
from hivesight.model.labels import Labels
from hivesight.model.series import STALE
from hivesight.query.promql import parse, selectors

Points = list[tuple[int, float]]


@dataclass
class Question:
    """line: where it stands. load: the data so far. step_ms: 0 for an instant query."""

    line: int
    query: str
    start_ms: int
    end_ms: int
    step_ms: int
    load: dict[Labels, Points]
    series: dict[Labels, Points] = field(default_factory=dict)
    scalar: float | None = None
    fails: str | None = None
    ordered: bool = False
    warnings: list[str] = field(default_factory=list)
    infos: list[str] = field(default_factory=list)


def read_script(path: Path) -> list[Question]:
    questions: list[Question] = []
    load: dict[Labels, Points] = {}
    gap = 0
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        indented = raw[0] in " \t"
        if not indented:
            word, _, rest = line.partition(" ")
            if word == "clear":
                load = {}
            elif word == "load":
                gap, target = parse_duration(rest), None
                load = dict(load)
            elif word == "eval":
                target = _question(number, rest, load)
                questions.append(target)
            else:
                raise ValueError(f"{path}:{number}: {line}")
        elif target is None:
            labels, values = _series(line)
            load[labels] = [(index * gap, value) for index, value in enumerate(values) if value is not None]
        else:
            _expectation(target, line)
    return questions


_INSTANT = re.compile(r"instant at (\S+) (.*)")
_RANGE = re.compile(r"range from (\S+) to (\S+) step (\S+) (.*)")


def _question(number: int, text: str, load: dict[Labels, Points]) -> Question:
    if match := _INSTANT.fullmatch(text):
        at = parse_duration(match[1])
        return Question(number, match[2], at, at, 0, load)
    match = _RANGE.fullmatch(text)
    assert match, text
    start, end, step = (parse_duration(match[index]) for index in (1, 2, 3))
    return Question(number, match[4], start, end, step, load)


def _expectation(question: Question, line: str) -> None:
    word, _, rest = line.partition(" ")
    match word:
        case "fail":
            question.fails = rest
        case "ordered":
            question.ordered = True
        case "warn":
            question.warnings.append(rest)
        case "info":
            question.infos.append(rest)
        case "scalar":
            question.scalar = float(rest)
        case _:
            labels, values = _series(line)
            step = question.step_ms or 1
            at = question.start_ms
            question.series[labels] = [(at + i * step, value) for i, value in enumerate(values) if value is not None]


def _series(line: str) -> tuple[Labels, list[float | None]]:
    metric, _, values = line.rpartition("}") if "}" in line else line.partition(" ")
    if "}" in line:
        metric += "}"
    return _labels(metric), [value for item in values.split() for value in _values(item)]


def _labels(metric: str) -> Labels:
    if metric.strip() == "{}":
        return Labels()
    (selector,) = selectors(parse(metric))
    return Labels((matcher.name, matcher.value) for matcher in selector.matchers)


_ITEM = re.compile(r"([+-]?[0-9.eE]+(?:[eE][+-]?[0-9]+)?|[+-]?Inf|NaN)(?:([+-][0-9.]+))?(?:x([0-9]+))?")


def _values(item: str) -> list[float | None]:
    if item == "stale":
        return [STALE]
    if item.startswith("_"):
        return [None] * int(item[2:] or 1)
    match = _ITEM.fullmatch(item)
    assert match, item
    value, step, count = float(match[1]), float(match[2] or 0), int(match[3] or 0)
    return [value + step * index for index in range(count + 1)]
