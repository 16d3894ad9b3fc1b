"""A disk that takes no more: appends are refused whole, questions go on, and writing goes on by itself."""

import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from hivesight.model.errors import StorageError
from hivesight.model.labels import Labels
from hivesight.model.series import is_absent
from hivesight.storage.state import State
from hivesight.storage.tsdb import Refusal, Tsdb, WalOptions
from storage.conftest import ManualClock

Open = Callable[..., Tsdb]


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Until the end of the block the kernel refuses to let any file of this process grow past `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def times(store: Tsdb) -> list[int]:
    (block,) = store.select([], 0, 1 << 60)
    assert not is_absent(block.values).any()
    return block.times.tolist()


def test_an_append_that_does_not_fit_leaves_no_trace(open_store: Open, tmp_path: Path, clock: ManualClock) -> None:
    store = open_store()
    group = store.group("a")
    rows = group.register([Labels({"__name__": "m", "i": str(i)}) for i in range(100)])
    group.append(1, rows, np.ones(100))
    size = store.stats().wal_bytes
    segment = tmp_path / "store" / "wal" / "00000001.wal"
    with no_file_larger_than(size + 300), capture_logs() as lines:
        for _ in range(3):
            with pytest.raises(StorageError, match=r"cannot write the metrics log .*: File too large; free space"):
                group.append(2, rows, np.ones(100))
            assert segment.stat().st_size == size, "the part that fitted is cut off"
        with pytest.raises(StorageError, match="cannot write the metrics log"):
            group.register([Labels({"__name__": "x" * 1000})])
        assert times(store) == [1]
    assert [line["log_level"] for line in lines] == ["error"], "logged once"
    stats = store.stats()
    assert (stats.samples_refused_total, stats.series) == ({Refusal.WRITE_FAILED: 300}, 100)
    assert stats.wal_failures_total == 4
    with capture_logs() as lines:
        group.append(3, rows, np.ones(100))
    assert not lines, "the next may be refused again"
    clock.ms += 30_000
    with capture_logs() as lines:
        group.append(4, rows, np.ones(100))
        group.append(5, rows, np.ones(100))
    assert [line["event"] for line in lines] == ["write-ahead log is written again"]
    assert times(store) == [1, 3, 4, 5]
    store.close()
    reopened = open_store()
    assert times(reopened) == [1, 3, 4, 5]
    assert reopened.stats().replay.repairs == 0


def test_a_checkpoint_that_does_not_fit_leaves_the_log(open_store: Open, tmp_path: Path) -> None:
    store = open_store(wal=WalOptions(checkpoint_bytes=0))
    group = store.group("a")
    rows = group.register([Labels({"__name__": "m", "i": str(i)}) for i in range(100)])
    for time in range(10):
        group.append(time, rows, np.ones(100))
    with no_file_larger_than(1000), pytest.raises(StorageError, match="cannot write a checkpoint"):
        store.truncate(0)
    assert not [each for each in (tmp_path / "store" / "wal").iterdir() if "checkpoint" in each.name]
    store.truncate(0)
    assert store.stats().checkpoints_total == 1
    group.append(99, rows, np.ones(100))
    store.close()
    assert times(open_store()) == [*range(10), 99]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if os.geteuid() != 0 or mount is None or umount is None:
        pytest.skip("needs root and the Debian package mount")
    path = tmp_path / "disk"
    path.mkdir()
    if subprocess.run([mount, "-t", "tmpfs", "-o", "size=1m", "none", path], capture_output=True).returncode:
        pytest.skip("mounting a tmpfs is not allowed here")
    try:
        yield path
    finally:
        subprocess.run([umount, "--lazy", path], check=True)


def test_a_disk_that_is_really_full(small_disk: Path, open_store: Open) -> None:
    store = open_store(small_disk / "store", wal=WalOptions(segment_bytes=100_000))
    state = State.open(small_disk / "state.db")
    notes = state.table("notes")
    notes.put({"before": b"kept"})
    group = store.group("a")
    rows = group.register([Labels({"__name__": "m", "i": str(i)}) for i in range(500)])
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(400_000))
    written: list[int] = []
    refused = 0
    for time in range(400):
        try:
            group.append(time, rows, np.full(500, float(time)))
            written.append(time)
        except StorageError as error:
            assert "No space left on device" in str(error)
            refused += 1
            if refused == 1:
                with pytest.raises(StorageError, match="cannot write the state file"):
                    notes.put({"big": bytes(50_000)})
                assert notes.load() == [("before", b"kept")]
            if refused == 5:
                ballast.unlink()
        if refused > 5:
            break
    assert refused > 5, "the disk was full, had room, and was full again"
    assert times(store) == written
    store.close()
    state.close()
    assert times(open_store(small_disk / "store")) == written


def test_a_torn_log_opens_on_a_full_disk(small_disk: Path, open_store: Open) -> None:
    store = open_store(small_disk / "store")
    group = store.group("a")
    rows = group.register([Labels({"__name__": "m", "i": str(i)}) for i in range(1000)])
    for time in range(3):
        group.append(time, rows, np.ones(1000))
    store.close()
    segment = small_disk / "store" / "wal" / "00000001.wal"
    with segment.open("r+b") as file:
        file.truncate(segment.stat().st_size - 10)
    with pytest.raises(OSError, match="No space left"):
        (small_disk / "ballast").write_bytes(bytes(2_000_000))
    store = open_store(small_disk / "store")
    assert times(store) == [0, 1]
    (small_disk / "ballast").unlink()
    group = store.group("a")
    assert group.append(5, group.register([Labels({"__name__": "m", "i": "7"})]), np.ones(1)).written == 1
