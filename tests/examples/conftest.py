"""What tests of the examples share: loading one, and leaving the process as it was."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from uninstrument import uninstrument

FRAMEWORKS = Path(__file__).parents[2] / "examples" / "frameworks"

DISTRIBUTIONS = {"agents": "openai-agents", "pydantic_ai": "pydantic-ai-slim"}
"""Names of those that are called otherwise than their module."""

Loader = Callable[..., ModuleType]


def needs(name: str, *packages: str) -> None:
    """Skip where one of the packages of the example `name` is missing."""
    for package in packages:
        try:
            found = importlib.util.find_spec(package) is not None
        except ModuleNotFoundError:  # of what it is a part of
            found = False
        if not found:
            distribution = DISTRIBUTIONS.get(package, package.replace(".", "-"))
            pytest.skip(f"{name} needs the Python package {distribution}: make examples")


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loader]:
    """`load("with_celery", "celery")`: the example as a module; skips where a package is missing."""
    for name in ("HIVESIGHT_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)

    def run(name: str, *packages: str) -> ModuleType:
        needs(name, *packages)
        spec = importlib.util.spec_from_file_location(name, FRAMEWORKS / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module

    yield run
    uninstrument()
