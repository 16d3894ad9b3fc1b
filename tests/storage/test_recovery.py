"""What opens after damage: cut or flip the log anywhere, and what is served was acknowledged and nothing else."""

import os
import shutil
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from hivesight.model.clock import SystemClock
from hivesight.model.errors import StartError
from hivesight.model.labels import Labels
from hivesight.model.series import is_absent
from hivesight.storage.tsdb import Limits, Tsdb, WalOptions
from hivesight.storage.tsdb.framing import frame
from hivesight.storage.tsdb.inspect import findings

Open = Callable[..., Tsdb]
Sample = tuple[str, int, float]

ONE_SEGMENT = WalOptions(segment_bytes=1 << 30)
SMALL_SEGMENTS = WalOptions(segment_bytes=600)


@contextmanager
def opened(path: Path, wal: WalOptions = ONE_SEGMENT) -> Iterator[Tsdb]:
    with capture_logs():
        store = Tsdb.open(path, clock=SystemClock(), retention_ms=None, limits=Limits(), wal=wal)
    try:
        yield store
    finally:
        store.close()


def content(store: Tsdb) -> set[Sample]:
    found: set[Sample] = set()
    for block in store.select([], -(1 << 60), 1 << 60):
        for row, labels in enumerate(block.labels.all_labels()):
            for column in np.flatnonzero(~is_absent(block.values[row])).tolist():
                found.add((str(labels), int(block.times[column]), float(block.values[row, column])))
    return found


def fill(store: Tsdb, scrapes: int = 12) -> list[tuple[int, set[Sample]]]:
    """Two targets, one with changing series. Leaves, after each append, the log's size and what it acknowledged."""
    acknowledged: list[tuple[int, set[Sample]]] = []
    for scrape in range(scrapes):
        for key in ("a", "b"):
            labels = [Labels({"__name__": "m", "t": key, "i": str(i)}) for i in range(3)]
            labels += [Labels({"__name__": "pod", "t": key, "pod": str(scrape // 3)})]
            group = store.group(key)
            values = np.arange(4.0) + scrape
            group.append(scrape * 1000, group.register(labels), values)
            batch = {(str(each), scrape * 1000, float(value)) for each, value in zip(labels, values, strict=True)}
            acknowledged.append((store.stats().wal_bytes, batch))
    return acknowledged


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[tuple[int, set[Sample]]]]:
    path = tmp_path_factory.mktemp("log")
    with opened(path) as store:
        acknowledged = fill(store)
    return (path / "wal" / "00000001.wal").read_bytes(), acknowledged


def served(data: bytes) -> tuple[set[Sample], set[Sample]]:
    """What a store with this one segment serves when opened, and when opened once more."""
    with TemporaryDirectory() as directory:
        path = Path(directory)
        (path / "wal").mkdir()
        (path / "wal" / "00000001.wal").write_bytes(data)
        with opened(path) as store:
            first = content(store)
        with opened(path) as store:
            return first, content(store)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_cut_keeps_everything_before_it(
    log: tuple[bytes, list[tuple[int, set[Sample]]]], data: st.DataObject
) -> None:
    whole, acknowledged = log
    at = data.draw(st.integers(0, len(whole)))
    garbage = data.draw(st.binary(max_size=40))
    expected = set().union(*(batch for size, batch in acknowledged if size <= at))
    for torn in (whole[:at], whole[:at] + garbage):
        first, second = served(torn)
        assert first == expected
        assert second == expected


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_flipped_bit_leaves_a_prefix(log: tuple[bytes, list[tuple[int, set[Sample]]]], data: st.DataObject) -> None:
    whole, acknowledged = log
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = bytearray(whole)
    damaged[at] ^= 1 << data.draw(st.integers(0, 7))
    first, second = served(bytes(damaged))
    header = 16
    assert first == (set().union(*(batch for size, batch in acknowledged if size <= at)) if at >= header else set())
    assert second == first


@settings(max_examples=60, deadline=None)
@given(
    records=st.lists(
        st.tuples(
            st.integers(0, 7),
            st.tuples(st.integers(0, 3), st.integers(0, 9), st.binary(max_size=60)).map(
                lambda parts: struct.pack("<II", parts[0], parts[1]) + parts[2]
            ),
        ),
        max_size=4,
    )
)
def test_records_that_are_sound_but_senseless_do_no_harm(
    log: tuple[bytes, list[tuple[int, set[Sample]]]], records: list[tuple[int, bytes]]
) -> None:
    whole, acknowledged = log
    first, second = served(whole + b"".join(frame(kind, payload) for kind, payload in records))
    assert first >= set().union(*(batch for _, batch in acknowledged))
    assert second == first


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_damage_in_an_older_segment_costs_that_segments_rest_at_most(
    several: tuple[Path, set[Sample]], data: st.DataObject
) -> None:
    source, everything = several
    with TemporaryDirectory() as directory:
        path = Path(directory) / "store"
        shutil.copytree(source, path)
        files = sorted((path / "wal").iterdir())
        victim = data.draw(st.sampled_from(files))
        raw = bytearray(victim.read_bytes())
        at = data.draw(st.integers(0, len(raw) - 1))
        if data.draw(st.booleans()):
            raw[at] ^= data.draw(st.integers(1, 255))
        else:
            del raw[at:]
        victim.write_bytes(raw)
        with opened(path, SMALL_SEGMENTS) as store:
            first = content(store)
            fill_more = store.group("a")
            rows = fill_more.register([Labels({"__name__": "new"}), Labels({"__name__": "m", "t": "a", "i": "0"})])
            fill_more.append(1_000_000, rows, np.array([1.0, 2.0]))
            later = content(store)
        assert first <= everything, "nothing is served that was not written"
        assert later - first == {("new", 1_000_000, 1.0), ('m{i="0", t="a"}', 1_000_000, 2.0)}
        with opened(path, SMALL_SEGMENTS) as store:
            assert content(store) == later


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[Sample]]:
    path = tmp_path_factory.mktemp("several")
    with opened(path, SMALL_SEGMENTS) as store:
        fill(store, scrapes=20)
        assert store.stats().wal_segments > 5
        return path, content(store)


def test_a_torn_tail_is_logged_and_cut(tmp_path: Path, log: tuple[bytes, list[tuple[int, set[Sample]]]]) -> None:
    (tmp_path / "wal").mkdir()
    segment = tmp_path / "wal" / "00000001.wal"
    segment.write_bytes(log[0][:-3])
    with capture_logs() as lines:
        Tsdb.open(tmp_path, clock=SystemClock(), retention_ms=None, limits=Limits()).close()
    (line,) = (each for each in lines if each["log_level"] == "warning")
    assert "cut after the last whole one" in line["event"]
    assert (line["path"], line["cut_bytes"]) == (str(segment), len(log[0]) - 3 - line["kept_bytes"])
    assert segment.stat().st_size == line["kept_bytes"]
    assert Path(line["quarantine"]).read_bytes() == log[0][line["kept_bytes"] : -3]


def test_damage_is_logged_set_aside_and_mended(tmp_path: Path, several: tuple[Path, set[Sample]]) -> None:
    path = tmp_path / "store"
    shutil.copytree(several[0], path)
    victim = path / "wal" / "00000003.wal"
    raw = bytearray(victim.read_bytes())
    raw[200] ^= 255
    victim.write_bytes(raw)
    with capture_logs() as lines:
        Tsdb.open(path, clock=SystemClock(), retention_ms=None, limits=Limits()).close()
    (line,) = (each for each in lines if each["log_level"] == "error")
    assert (line["path"], line["reason"]) == (str(victim), "checksum mismatch")
    aside = Path(line["quarantine"])
    assert aside.read_bytes() == bytes(raw[line["kept_bytes"] :])
    with capture_logs() as lines:
        store = Tsdb.open(path, clock=SystemClock(), retention_ms=None, limits=Limits())
    assert [line["log_level"] for line in lines] == ["info"], "the next start finds nothing amiss"
    assert store.stats().replay.repairs == 0
    store.close()


def test_a_missing_segment_is_logged(tmp_path: Path, several: tuple[Path, set[Sample]]) -> None:
    path = tmp_path / "store"
    shutil.copytree(several[0], path)
    (path / "wal" / "00000002.wal").unlink()
    with capture_logs() as lines:
        Tsdb.open(path, clock=SystemClock(), retention_ms=None, limits=Limits()).close()
    assert [(line["first"], line["last"]) for line in lines if line["log_level"] == "error"] == [(2, 2)]


@pytest.mark.parametrize("step", ["temporary", "renamed", "some segments deleted"])
def test_a_crash_while_checkpointing_leaves_a_readable_store(
    tmp_path: Path, several: tuple[Path, set[Sample]], step: str
) -> None:
    source, everything = several
    path = tmp_path / "store"
    shutil.copytree(source, path)
    with opened(path, WalOptions(checkpoint_bytes=0)) as store:
        store.truncate(0)
        assert store.stats().checkpoints_total == 1
        assert content(store) == everything
    (checkpoint,) = (path / "wal").glob("*.checkpoint")
    if step == "temporary":
        shutil.copytree(source / "wal", path / "wal", dirs_exist_ok=True)
        (path / "wal" / f"{checkpoint.stem}.wal").unlink()
        half = checkpoint.read_bytes()[:-100]
        checkpoint.unlink()
        checkpoint.with_suffix(".checkpoint.tmp").write_bytes(half)
    else:
        left = sorted((source / "wal").iterdir())[0 if step == "renamed" else 4 :]
        for each in left:
            shutil.copy(each, path / "wal" / each.name)
    with opened(path) as store:
        assert content(store) == everything
    assert not list((path / "wal").glob("*.tmp"))
    with opened(path) as store:
        assert content(store) == everything
        fill_again = store.group("a")
        rows = fill_again.register([Labels({"__name__": "m", "t": "a", "i": "0"})])
        assert fill_again.append(1_000_000, rows, np.ones(1)).written == 1


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_damaged_checkpoint_serves_what_it_can(several: tuple[Path, set[Sample]], data: st.DataObject) -> None:
    source, everything = several
    with TemporaryDirectory() as directory:
        path = Path(directory) / "store"
        shutil.copytree(source, path)
        with opened(path, WalOptions(checkpoint_bytes=0)) as store:
            store.truncate(0)
        (checkpoint,) = (path / "wal").glob("*.checkpoint")
        raw = bytearray(checkpoint.read_bytes())
        at = data.draw(st.integers(0, len(raw) - 1))
        if data.draw(st.booleans()):
            raw[at] ^= data.draw(st.integers(1, 255))
        else:
            del raw[at:]
        checkpoint.write_bytes(raw)
        with opened(path) as store:
            first = content(store)
        assert first <= everything
        with capture_logs() as lines, opened(path) as store:
            assert content(store) == first
        assert lines == []


def test_appends_after_a_checkpoint_follow_it(open_store: Open) -> None:
    store = open_store(wal=WalOptions(checkpoint_bytes=0))
    fill(store, 3)
    store.truncate(0)
    group = store.group("c")
    rows = group.register([Labels({"__name__": "late"})])
    group.append(5, rows, np.ones(1))
    expected = content(store)
    store.close()
    store = open_store(wal=WalOptions(checkpoint_bytes=0))
    assert content(store) == expected
    assert store.stats().checkpoint_bytes > 0


def test_a_checkpoint_waits_until_the_log_has_outgrown_it(open_store: Open) -> None:
    store = open_store(wal=WalOptions(checkpoint_bytes=1000))
    store.truncate(0)
    assert store.stats().checkpoints_total == 0
    fill(store)
    store.truncate(0)
    store.truncate(0)
    stats = store.stats()
    assert (stats.checkpoints_total, stats.wal_segments, stats.wal_bytes) == (1, 1, 16)


def test_the_lock_names_directory_and_holder(open_store: Open, tmp_path: Path) -> None:
    store = open_store()
    with pytest.raises(StartError, match=f"{tmp_path / 'store'} is in use by process {os.getpid()};"):
        open_store()
    store.close()
    open_store()


@pytest.mark.parametrize(
    ("marker", "problem"), [("hivesight-tsdb 2\n", "hivesight-tsdb 2"), ("garbage", None), ("", None)]
)
def test_the_format_marker(open_store: Open, tmp_path: Path, marker: str, problem: str | None) -> None:
    store = open_store()
    fill(store, 1)
    store.close()
    (tmp_path / "store" / "FORMAT").write_text(marker)
    if problem:
        with pytest.raises(StartError, match=problem):
            open_store()
    else:
        assert len(content(open_store())) == 8
        assert (tmp_path / "store" / "FORMAT").read_text() == "hivesight-tsdb 1\n"


def test_a_path_that_cannot_be_a_directory_is_a_start_error(open_store: Open, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError, match="choose another with --data"):
        open_store(tmp_path / "file" / "store")


def test_strange_files_in_the_log_are_left_alone(open_store: Open, tmp_path: Path) -> None:
    wal = tmp_path / "store" / "wal"
    wal.mkdir(parents=True)
    (wal / "notes.txt").write_text("mine")
    (wal / "00000009.wal.bak").write_bytes(b"x")
    (wal / "00000003.wal").write_bytes(struct.pack("<8sQ", b"HIVEWAL1", 4))
    store = open_store()
    fill(store, 1)
    store.close()
    assert (wal / "notes.txt").read_text() == "mine"
    assert len(content(open_store())) == 8


def test_a_checkpoint_of_which_nothing_is_left_leaves_the_segments(open_store: Open, tmp_path: Path) -> None:
    store = open_store()
    fill(store, 3)
    before = content(store)
    store.close()
    (tmp_path / "store" / "wal" / "00000002.checkpoint").write_bytes(b"garbage" * 100)
    with capture_logs() as lines:
        assert content(open_store()) == before
    assert [line["reason"] for line in lines if line["log_level"] == "error"] == ["not a file of this kind"]


def test_directories_in_the_place_of_files_are_set_aside(open_store: Open, tmp_path: Path) -> None:
    store = open_store()
    fill(store, 3)
    before = content(store)
    store.close()
    for name in ("00000002.wal", "00000002.checkpoint", "00000003.checkpoint.tmp"):
        (tmp_path / "store" / "wal" / name / "x").mkdir(parents=True)
    with capture_logs() as lines:
        assert content(open_store()) == before
    assert sum(line["event"].startswith("no file of the log") for line in lines) == 3
    assert len(list((tmp_path / "store" / "quarantine").iterdir())) == 3


def test_what_is_no_block_is_left_and_the_rest_is_served(open_store: Open, tmp_path: Path) -> None:
    blocks = tmp_path / "store" / "blocks"
    (blocks / "b" / "index").mkdir(parents=True)
    for name in ("a", "c.tmp"):
        (blocks / name).write_text("x")
    with capture_logs() as lines:
        store = open_store()
    fill(store, 3)
    assert content(store)
    assert [Path(line["path"]).name for line in lines if line["log_level"] == "error"] == ["a", "b"]
    assert dict(findings(tmp_path / "store"))["a"] == "no block"
    assert "Is a directory" in (dict(findings(tmp_path / "store"))["b"] or "")


def test_blocks_that_are_no_directory_are_a_start_error(open_store: Open, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "blocks").write_text("x")
    with pytest.raises(StartError, match=r"cannot read the blocks in .*/blocks: File exists"):
        open_store()
    assert dict(findings(tmp_path / "store"))["blocks"] is not None


def test_verification_says_what_keeps_the_store_from_being_opened(open_store: Open, tmp_path: Path) -> None:
    open_store().close()
    assert "FORMAT" not in dict(findings(tmp_path / "store"))
    marker = tmp_path / "store" / "FORMAT"
    marker.write_text("hivesight-tsdb 9\n")
    assert "another version" in (dict(findings(tmp_path / "store"))["FORMAT"] or "")
    marker.unlink()
    marker.mkdir()
    assert "cannot be read" in (dict(findings(tmp_path / "store"))["FORMAT"] or "")
