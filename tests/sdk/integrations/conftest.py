"""What tests of the integrations share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from uninstrument import uninstrument


@pytest.fixture(autouse=True)
def others_go_without() -> Iterator[None]:
    yield
    uninstrument()
