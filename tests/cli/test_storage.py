"""`hivesight storage` on the files of a real store."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from hivesight.cli.main import hivesight
from hivesight.model.batch import Samples
from hivesight.model.clock import SystemClock
from hivesight.model.labels import Labels
from hivesight.storage.tsdb import Limits, Tsdb

HOUR = 3_600_000


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    store = Tsdb.open(tmp_path / "metrics", clock=SystemClock(), retention_ms=None, limits=Limits())
    refs = store.push.register([Labels([("__name__", "a"), ("i", str(each))]) for each in range(3)])
    for time in range(0, 5 * HOUR, 60_000):
        store.push.append(Samples(refs, np.full(3, time), np.full(3, float(time))))
    store.truncate(0)
    store.close()
    yield tmp_path


def run(data: Path, *words: str) -> Result:
    return CliRunner().invoke(hivesight, ["storage", *words, "--data", str(data)])


def test_stats(data: Path) -> None:
    told = run(data, "stats")
    assert told.exit_code == 0, told.output
    assert "1970-01-01 00:00:00 1970-01-01 01:59:00          3           360" in told.output
    blocks = json.loads(run(data, "stats", "--json").output)["blocks"]
    assert [each["samples"] for each in blocks] == [360]


def test_verify(data: Path) -> None:
    assert run(data, "verify").exit_code == 0
    tiles = sorted((data / "metrics" / "blocks").iterdir())[0] / "tiles"
    damaged = bytearray(tiles.read_bytes())
    damaged[-3] ^= 1
    tiles.write_bytes(damaged)
    segment = sorted((data / "metrics" / "wal").glob("*.wal"))[-1]
    cut = bytearray(segment.read_bytes())
    cut[60] ^= 1
    segment.write_bytes(cut)
    told = run(data, "verify")
    assert told.exit_code == 1
    assert f"{segment.name}: checksum mismatch at byte" in told.output
    assert tiles.parent.name in told.output and "2 damaged" in told.output


def test_snapshot(data: Path) -> None:
    told = run(data, "snapshot")
    assert told.exit_code == 0, told.output
    copy = Path(told.output.strip().splitlines()[-1])
    with_store = Tsdb.open(copy, clock=SystemClock(), retention_ms=None, limits=Limits())
    try:
        assert sum(int(block.values.size) for block in with_store.select([], 0, 5 * HOUR)) == 900
    finally:
        with_store.close()


def test_no_data(tmp_path: Path) -> None:
    told = run(tmp_path, "stats")
    assert told.exit_code == 1 and "name the server's data directory with --data" in str(told.exception)
