"""A small online model: guesses a file's complexity class from its text before the parser has read it.

Multinomial logistic regression by stochastic gradient descent. Each guess is made before the answer is known and
judged when it is (prequential evaluation: A. P. Dawid, 1984), so the accuracy is honest.
"""

import json
import math
import re
from collections import deque
from pathlib import Path
from typing import cast

CLASSES = ("simple", "moderate", "complex")
_BOUNDS = (25, 100)
_BRANCH = re.compile(rb"\b(?:if|elif|for|while|except|and|or|case|assert)\b")
_DEF = re.compile(rb"^\s*(?:async )?def ", re.MULTILINE)
FEATURES = 5
_CENTRES = (8.5, 5.0, 4.0, 3.0)
_BRANCH_FEATURE = 3
_TRUST = 6.0
WINDOW = 150
ENOUGH = 40
_FORMAT = 1


def complexity_class(total: float) -> int:
    """Index into CLASSES for a file's total cyclomatic complexity."""
    return sum(total > bound for bound in _BOUNDS)


def features(source: bytes) -> list[float]:
    """FEATURES cheap numbers: a constant, and logarithms of size, lines, branch words and definitions."""
    counts = (len(source), source.count(b"\n"), len(_BRANCH.findall(source)), len(_DEF.findall(source)))
    return [1.0, *map(_scaled, counts, _CENTRES)]


def _scaled(count: float, centre: float) -> float:
    return (math.log1p(count) - centre) / 2


def _rule_of_thumb() -> list[list[float]]:
    """Weights to start from: as many paths as branch words. Prose holds such words too; that is to be learned."""
    low, high = (_scaled(bound, _CENTRES[_BRANCH_FEATURE - 1]) for bound in _BOUNDS)
    weights = [[0.0] * FEATURES for _ in CLASSES]
    weights[0][0], weights[0][_BRANCH_FEATURE] = _TRUST * low, -_TRUST
    weights[2][0], weights[2][_BRANCH_FEATURE] = -_TRUST * high, _TRUST
    return weights


class OnlineClassifier:
    """Weights of (classes x features), and the outcome of the last WINDOW guesses. Not thread-safe."""

    def __init__(self, learning_rate: float = 0.3) -> None:
        self._rate = learning_rate
        self._weights = _rule_of_thumb()
        self._outcomes: deque[bool] = deque(maxlen=WINDOW)
        self.seen = 0

    def predict(self, x: list[float]) -> int:
        """The most likely class."""
        scores = self._scores(x)
        return scores.index(max(scores))

    def learn(self, x: list[float], predicted: int, actual: int) -> None:
        """Judge the earlier guess and take one gradient step towards the truth."""
        self._outcomes.append(predicted == actual)
        self.seen += 1
        rate = self._rate / (1 + self.seen / 500)
        for index, (row, chance) in enumerate(zip(self._weights, self._scores(x), strict=True)):
            error = (1.0 if index == actual else 0.0) - chance
            for column, value in enumerate(x):
                row[column] += rate * error * value

    @property
    def accuracy_percent(self) -> float | None:
        """Share of right guesses among the last WINDOW, 0 to 100; None until ENOUGH are judged."""
        if len(self._outcomes) < ENOUGH:
            return None
        return 100 * sum(self._outcomes) / len(self._outcomes)

    def _scores(self, x: list[float]) -> list[float]:
        logits = [sum(w * value for w, value in zip(row, x, strict=True)) for row in self._weights]
        top = max(logits)
        powers = [math.exp(logit - top) for logit in logits]
        total = sum(powers)
        return [power / total for power in powers]

    def save(self, path: Path) -> None:
        """Write the weights under a temporary name, then rename."""
        state = {"format": _FORMAT, "seen": self.seen, "weights": self._weights, "outcomes": list(self._outcomes)}
        draft = path.with_suffix(".tmp")
        draft.write_text(json.dumps(state))
        draft.replace(path)

    def load(self, path: Path) -> bool:
        """Take up what `save` wrote; False, and nothing changed, when the file is absent or not of this format."""
        try:
            state = cast("dict[str, object]", json.loads(path.read_bytes()[:65536]))
            if state["format"] != _FORMAT:
                return False
            weights = [[float(v) for v in row] for row in cast("list[list[float]]", state["weights"])]
            outcomes = [bool(v) for v in cast("list[bool]", state["outcomes"])]
            seen = int(cast("int", state["seen"]))
        except (OSError, ValueError, KeyError, TypeError):
            return False
        finite = all(math.isfinite(value) for row in weights for value in row)
        if [len(row) for row in weights] != [FEATURES] * len(CLASSES) or not finite:
            return False
        self._weights, self.seen = weights, max(seen, 0)
        self._outcomes.extend(outcomes)
        return True
