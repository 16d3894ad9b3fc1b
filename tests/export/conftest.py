from collections.abc import Iterator
from pathlib import Path

import pytest

from export.receiving import Receiving, store_in
from hivesight.storage.tsdb import Tsdb


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Tsdb]:
    made = store_in(tmp_path / "ours")
    yield made
    made.close()


@pytest.fixture
def receiving(tmp_path: Path) -> Iterator[Receiving]:
    made = Receiving(store_in(tmp_path / "theirs"))
    yield made
    made.close()
