"""What the SDK's tests share: reading a sample of the default registry, and undoing `configure`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from hivesight_sdk import configuration, recording
from hivesight_sdk.metrics import REGISTRY

Reader = Callable[..., float]


@pytest.fixture
def value() -> Reader:
    """`value("name", label="x")`: the sample's value now, 0.0 where there is none."""

    def read(name: str, **labels: str) -> float:
        recording.record(lambda: None)  # what log handlers counted comes with the next recording
        return REGISTRY.get_sample_value(name, labels) or 0.0

    return read


@pytest.fixture
def growth(value: Reader) -> Callable[..., Callable[[], float]]:
    """`grown = growth("name", label="x")`, then `grown()`: by how much the sample has grown since."""

    def start(name: str, **labels: str) -> Callable[[], float]:
        before = value(name, **labels)
        return lambda: value(name, **labels) - before

    return start


@pytest.fixture(autouse=True)
def fresh_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No environment from outside, and nothing left configured."""
    for name in [name for name in os.environ if name.startswith(("HIVESIGHT_", "OTEL_"))]:
        monkeypatch.delenv(name)
    yield
    if configuration._current is not None:
        configuration._current.close()
