"""SIGKILL: a process appends, pushes, writes blocks and says what was acknowledged; it is killed; nothing it said is
missing. HIVESIGHT_KILLS says how often, for who wants to know it better than in every run."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from hivesight.model.series import is_absent
from hivesight.storage.tsdb import Tsdb

WRITER = """
import sys
from pathlib import Path
import numpy as np
from hivesight.model.batch import Samples
from hivesight.model.clock import SystemClock
from hivesight.model.labels import Labels
from hivesight.storage.tsdb import Limits, Tsdb, WalOptions

options = WalOptions(segment_bytes=20_000, checkpoint_bytes=60_000)
store = Tsdb.open(Path(sys.argv[1]), clock=SystemClock(), retention_ms=None, limits=Limits(), wal=options)
groups = [store.group(key) for key in ("a", "b")]
minute = 60_000
time = (store.stats().max_time_ms or 0) + minute
while True:
    for index, group in enumerate(groups):
        labels = [Labels({"__name__": "m", "g": str(index), "i": str(i)}) for i in range(20)]
        labels.append(Labels({"__name__": "generation", "g": str(index), "n": str(time // (50 * minute))}))
        rows = group.register(labels)
        assert group.append(time, rows, np.full(21, float(time))).written == 21
        print("ack", index, time, flush=True)
    labels = [Labels({"__name__": "pushed", "i": str(i)}) for i in range(20)]
    labels.append(Labels({"__name__": "generation", "g": "2", "n": str(time // (50 * minute))}))
    refs = store.push.register(labels)
    assert not store.push.append(Samples(refs, np.full(21, time), np.full(21, float(time)))).any()
    print("ack", 2, time, flush=True)
    if time // minute % 40 == 0:
        store.truncate(0)
    time += minute
"""


def test_sigkill_loses_nothing_that_was_acknowledged(tmp_path: Path, open_store: Callable[..., Tsdb]) -> None:
    acknowledged: list[tuple[int, int]] = []
    kills = int(os.environ.get("HIVESIGHT_KILLS", "6"))
    for run in range(kills):
        command = [sys.executable, "-c", WRITER, str(tmp_path / "store")]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            lines = (line for line in process.stdout if line.startswith(b"ack ") and line.endswith(b"\n"))
            try:
                acknowledged += [parsed(next(lines)) for _ in range(100 + 137 * (run % 6))]
            finally:
                process.send_signal(signal.SIGKILL)
            acknowledged += [parsed(line) for line in lines]
        assert process.returncode == -signal.SIGKILL
    store = open_store()
    assert store.stats().blocks > 0
    kept: set[tuple[int, int]] = set()
    for block in store.select([], 0, 1 << 60):
        for row, labels in enumerate(block.labels.all_labels()):
            if labels.name == "generation":
                times = block.times[~is_absent(block.values[row])]
                assert np.array_equal(block.values[row][~is_absent(block.values[row])], times.astype(float))
                kept |= {(int(labels["g"]), time) for time in times.tolist()}
    assert set(acknowledged) <= kept
    assert len(kept) - len(acknowledged) <= kills, "besides, at most what was being acknowledged at each kill"
    whole = [block for block in store.select([], 0, 1 << 60) if len(block.times)]
    assert sum(int((~is_absent(block.values)).sum()) for block in whole) == 21 * len(kept)


def parsed(line: bytes) -> tuple[int, int]:
    _, index, time = line.split()
    return int(index), int(time)
