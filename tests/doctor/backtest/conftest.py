"""Every store that a test opened is closed at its end."""

from collections.abc import Iterator

import pytest

from rules.world import OPEN


@pytest.fixture(autouse=True)
def _stores() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()
