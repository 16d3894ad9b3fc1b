"""Blocks on disk: what goes in comes out, whatever is asked, and no changed byte goes unnoticed."""

import resource
import shutil
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from hivesight.model.histogram import CUSTOM, Hint, Histogram, HistogramGrid, Scale, cells_of
from hivesight.model.labels import Labels
from hivesight.model.matcher import Matcher, MatchType
from hivesight.model.series import ABSENT, NAN_BITS, STALE, SeriesBlock, bits, is_absent
from hivesight.model.symbols import Symbols, label_table
from hivesight.storage.tsdb.block.block import Block
from hivesight.storage.tsdb.block.errors import BlockDamaged, BlockError, BlockTooNew
from hivesight.storage.tsdb.block.meta import Header, decode_header
from hivesight.storage.tsdb.block.shared import Shared
from hivesight.storage.tsdb.block.write import remove_temporary, write_block
from hivesight.storage.tsdb.compaction.merge import merged
from hivesight.storage.tsdb.verdicts import Verdicts

Sample = tuple[int, int, Histogram | None]
"""The bits of the value, when its counter began, and the histogram where it is one."""
Content = dict[Labels, dict[int, Sample]]


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Until the end of the block the kernel refuses to let any file of this process grow past `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


EVER = (-(2**80), 2**80)


def content(blocks: Sequence[SeriesBlock]) -> Content:
    """All samples one by one."""
    found: Content = {}
    for block in blocks:
        assert block.values.shape == (len(block.labels), len(block.times))
        assert (np.diff(block.times) > 0).all()
        patterns, absent = bits(np.ascontiguousarray(block.values)), is_absent(np.ascontiguousarray(block.values))
        for row, labels in enumerate(block.labels.all_labels()):
            samples = found.setdefault(labels, {})
            for column, time in enumerate(block.times.tolist()):
                cell = -1 if block.histograms is None else int(block.histograms.place[row, column])
                start = 0 if block.starts is None else int(block.starts[row, column])
                if absent[row, column]:
                    assert (cell, start) == (-1, 0)
                    continue
                assert time not in samples
                histogram = None
                if cell >= 0:
                    assert block.histograms is not None
                    histogram = block.histograms.cells.histogram(cell)
                samples[time] = (0 if histogram else int(patterns[row, column]), start, histogram)
    return {labels: samples for labels, samples in found.items() if samples}


def kept(whole: Content, start: int, end: int) -> Content:
    cut = {labels: {t: each for t, each in samples.items() if start <= t <= end} for labels, samples in whole.items()}
    return {labels: samples for labels, samples in cut.items() if samples}


def histogram(random: np.random.Generator) -> Histogram:
    scale = [Scale(3, 0.001), Scale(0), Scale(CUSTOM, 0.0, (0.1, 1.0, 10.0))][random.integers(3)]
    keys = random.permutation(4)[: random.integers(5)].tolist()
    positive = {int(key): float(random.integers(1, 9)) for key in keys}
    negative = {} if scale.custom else {int(key): 0.5 for key in keys[:1]}
    total = float(random.normal()) if random.integers(4) else np.inf
    return Histogram(scale, float(random.integers(99)), total, 2.0, positive, negative, Hint(int(random.integers(4))))


def source(
    seed: int, symbols: Symbols, rows: int, samples: int, *, grids: bool = False, starts: bool = False
) -> SeriesBlock:
    random = np.random.default_rng(seed)
    labels = [
        Labels({"__name__": f"m{i % 5}", "i": str(i), "source": str(seed), f"only{i % 3}": "ü"}) for i in range(rows)
    ]
    table = label_table([labels[i] for i in random.permutation(rows)], symbols)
    times = 1_700_000_000_000 + np.sort(random.permutation(samples * 3)[:samples]) * 15_000
    values = random.integers(0, 50, (rows, samples)).cumsum(axis=1) / 10.0
    odd = np.array([ABSENT, STALE, np.nan, -0.0, np.inf, 1e-310, 0.1 + 0.2])
    odd[2] = np.array([NAN_BITS]).view(np.float64)[0]
    strange = random.random(values.shape) < 0.1
    strange[0] = False
    values[strange] = random.choice(odd, int(strange.sum()))
    if rows > 3 and samples > 3:
        values[1] = ABSENT
        values[:, 2] = ABSENT
        values[2, : samples // 2] = values[3, samples // 2 :] = ABSENT
    grid = None
    if grids:
        place = np.full(values.shape, -1, np.int64)
        place[::2] = random.integers(-1, 30, place[::2].shape)
        place[(bits(values) == bits(np.array([ABSENT]))[0]) | (bits(values) == bits(np.array([STALE]))[0])] = -1
        grid = HistogramGrid(cells_of([histogram(random) for _ in range(30)]), place)
    begun = np.where(is_absent(values), 0, random.integers(0, 3, values.shape) * 1_700_000_000_000) if starts else None
    return SeriesBlock(table, times, values, grid, begun)


def shared(cache_bytes: int = 64 << 20) -> Shared:
    symbols = Symbols()
    symbols.intern("so that codes differ")
    return Shared(symbols, Verdicts(symbols), cache_bytes)


def is_(name: str, value: str) -> Matcher:
    return Matcher(name, MatchType.EQUAL, value)


SHAPES = [
    ("one sample", [(1, 1, {})]),
    ("several tiles", [(150, 2100, {})]),
    ("starts", [(70, 30, {"starts": True})]),
    ("histograms", [(20, 1000, {"grids": True, "starts": True})]),
    ("many small groups", [(1 + i % 3, 3 + i % 5, {"grids": i % 7 == 0}) for i in range(60)]),
]


def sources(shape: Sequence[tuple[int, int, dict[str, bool]]]) -> list[SeriesBlock]:
    symbols = Symbols()
    return [source(seed, symbols, rows, samples, **more) for seed, (rows, samples, more) in enumerate(shape)]


@pytest.mark.parametrize("shape", [shape for _, shape in SHAPES], ids=[name for name, _ in SHAPES])
@pytest.mark.parametrize("cache_bytes", [0, 64 << 20])
def test_what_was_written_is_read(
    shape: Sequence[tuple[int, int, dict[str, bool]]], cache_bytes: int, tmp_path: Path
) -> None:
    given = sources(shape)
    expected = content(given)
    meta = write_block(tmp_path / "b", given)
    block = Block.open(tmp_path / "b", shared(cache_bytes))
    times = sorted({time for samples in expected.values() for time in samples})
    assert meta == block.meta
    assert (meta.min_ms, meta.max_ms, meta.series) == (times[0], times[-1], len(expected))
    assert meta.samples == sum(map(len, expected.values()))
    assert meta.histograms == sum(each[2] is not None for samples in expected.values() for each in samples.values())
    assert meta.nbytes == sum(each.stat().st_size for each in (tmp_path / "b").iterdir())
    assert block.verify() == []
    assert content(block.select([], *EVER)) == expected
    assert {labels for table in block.label_tables() for labels in table.all_labels()} == set(expected)
    random = np.random.default_rng(1)
    matchers = [
        [],
        [is_("__name__", "m3")],
        [is_("__name__", "m1"), Matcher("i", MatchType.REGEX, "1.*")],
        [is_("only1", "")],
    ]
    for chosen in matchers:
        start, end = sorted(random.choice(times, 2).tolist())
        wanted = kept(expected, start, end)
        wanted = {each: wanted[each] for each in wanted if all(m.matches(each.value(m.name)) for m in chosen)}
        answer = block.select(chosen, start, end)
        assert content(answer) == wanted
        assert all(np.all(~is_absent(np.ascontiguousarray(each.values)).all(axis=1)) for each in answer)
        again = block.select(chosen, start, end)
        tables = block.tables(chosen, start, end)
        assert (
            [id(each.labels) for each in again] == [id(each.labels) for each in answer] == [id(each) for each in tables]
        )
    assert block.select([], times[-1] + 1, EVER[1]) == block.select([], EVER[0], times[0] - 1) == []


def test_rows_of_a_metric_lie_together_and_equal_tables_are_one(tmp_path: Path) -> None:
    given = sources([(100, 10, {})])
    write_block(tmp_path / "a", given)
    write_block(tmp_path / "b", given)
    common = shared()
    (one,), (other,) = (Block.open(tmp_path / name, common).label_tables() for name in "ab")
    labels = one.all_labels()
    assert one is other
    assert [(each.name, each.value("i")) for each in labels] == sorted((each.name, each.value("i")) for each in labels)


def test_nothing_to_write(tmp_path: Path) -> None:
    table = label_table([Labels({"__name__": "m"})], Symbols())
    empty = SeriesBlock(table, np.array([1, 2]), np.full((1, 2), ABSENT))
    assert write_block(tmp_path / "b", [empty]) is None
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_nothing_and_a_torn_directory_is_removed(tmp_path: Path) -> None:
    def broken() -> list[SeriesBlock]:
        yield from sources([(3, 3, {})])  # type: ignore[misc]
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        write_block(tmp_path / "b", broken())
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "c.tmp").mkdir()
    (tmp_path / "c.tmp" / "tiles").write_bytes(b"HIVETIL1")
    write_block(tmp_path / "b", sources([(3, 3, {})]))
    remove_temporary(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["b"]
    with pytest.raises(FileExistsError):
        write_block(tmp_path / "b", sources([(3, 3, {})]))


@pytest.mark.parametrize("shape", [SHAPES[1][1], SHAPES[3][1], SHAPES[4][1]], ids=["floats", "histograms", "small"])
def test_deletions(shape: Sequence[tuple[int, int, dict[str, bool]]], tmp_path: Path) -> None:
    given = sources(shape)
    expected = content(given)
    write_block(tmp_path / "b", given)
    block = Block.open(tmp_path / "b", shared())
    times = sorted({time for samples in expected.values() for time in samples})
    random = np.random.default_rng(2)
    for name in ("m0", "m2", "m0", "m1"):
        start, end = sorted(random.choice(times, 2).tolist())
        marked = block.delete([is_("__name__", name)], start, end)
        met = sum(each.name == name for each in kept(expected, start, end))
        assert marked >= met, "what may have a sample there"
        for labels in [each for each in expected if each.name == name]:
            expected[labels] = {t: each for t, each in expected[labels].items() if not start <= t <= end}
    expected = {labels: samples for labels, samples in expected.items() if samples}
    assert content(block.select([], *EVER)) == expected
    assert content(block.select([], times[9], times[-9])) == kept(expected, times[9], times[-9])
    assert {each for table in block.tables([], times[9], times[-9]) for each in table.all_labels()} == set(
        kept(expected, times[9], times[-9])
    )
    again = Block.open(tmp_path / "b", shared())
    assert again.deletions == block.deletions > 0
    assert content(again.select([], *EVER)) == expected
    meta = write_block(tmp_path / "c", merged([again]), ("b",))
    cleaned = Block.open(tmp_path / "c", shared())
    assert meta == cleaned.meta
    assert (cleaned.replaces, cleaned.deletions, cleaned.verify()) == (("b",), 0, [])
    assert content(cleaned.select([], *EVER)) == expected
    assert cleaned.delete([], *EVER) == cleaned.meta.series
    assert cleaned.select([], *EVER) == []
    assert write_block(tmp_path / "d", merged([cleaned])) is None
    assert not (tmp_path / "d").exists()


def test_a_block_is_read_on_while_it_is_removed(tmp_path: Path) -> None:
    given = sources([(3, 3, {})])
    write_block(tmp_path / "b", given)
    block = Block.open(tmp_path / "b", shared())
    shutil.rmtree(tmp_path / "b")
    assert content(block.select([], *EVER)) == content(given)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "b"
    write_block(path, sources([(20, 100, {"grids": True, "starts": True}), (70, 50, {}), (2, 5, {})]))
    Block.open(path, shared()).delete([is_("i", "3")], *EVER)
    return path


@pytest.mark.parametrize("name", ["index", "tiles", "tombstones"])
def test_any_changed_byte_is_noticed(name: str, sound: Path, tmp_path: Path) -> None:
    path = tmp_path / "b"
    shutil.copytree(sound, path)
    if name == "tiles":
        # A tile of which all is deleted need not be read.
        (path / "tombstones").unlink()
    data = (path / name).read_bytes()
    random = np.random.default_rng(3)
    for at in sorted({*range(min(140, len(data))), *random.integers(0, len(data), 150).tolist(), len(data) - 1}):
        changed = bytearray(data)
        changed[at] ^= int(random.integers(1, 256))
        (path / name).write_bytes(changed)
        try:
            block = Block.open(path, shared())
        except BlockError as error:
            assert error.path == path / name
            continue
        assert name == "tiles", "the index and the tombstones are read when a block is opened"
        (finding,) = block.verify()
        assert str(path / "tiles") in finding
        assert "tile " in finding
        with pytest.raises(BlockDamaged, match=r"tiles: tile \d+ is cut short or has a wrong checksum"):
            block.select([], *EVER)


def test_verification_reads_the_disk_and_not_the_cache(sound: Path, tmp_path: Path) -> None:
    path = tmp_path / "b"
    shutil.copytree(sound, path)
    block = Block.open(path, shared())
    before = content(block.select([], *EVER))
    data = bytearray((path / "tiles").read_bytes())
    data[-1] ^= 1
    (path / "tiles").write_bytes(data)
    (path / "index").write_bytes(b"")
    assert content(block.select([], *EVER)) == before
    assert [each.split(str(path))[1].split(" ")[0] for each in block.verify()] == ["/index:", "/tiles:"]


def test_questions_while_rows_are_deleted(tmp_path: Path) -> None:
    given = sources([(70, 200, {}), (20, 100, {"grids": True})])
    write_block(tmp_path / "b", given)
    block = Block.open(tmp_path / "b", shared(1 << 18))
    whole = content(given)
    metrics = [f"m{i}" for i in range(5)]

    def ask(_: int) -> set[str]:
        answer = content(block.select([], *EVER))
        assert answer == {labels: samples for labels, samples in whole.items() if labels in answer}
        names = {labels.name for labels in answer}
        assert {labels for labels in whole if labels.name in names} == set(answer), "a deletion is seen whole"
        return names

    with ThreadPoolExecutor(4) as pool:
        asked = pool.map(ask, range(24))
        for name in metrics:
            block.delete([is_("__name__", name)], *EVER)
        for names in asked:
            assert names == set(metrics[len(metrics) - len(names) :])
    assert block.select([], *EVER) == []


def test_a_full_disk(tmp_path: Path) -> None:
    given = sources([(70, 500, {})])
    with no_file_larger_than(2000), pytest.raises(OSError, match="File too large"):
        write_block(tmp_path / "b", given)
    assert list(tmp_path.iterdir()) == []
    write_block(tmp_path / "b", given)
    block = Block.open(tmp_path / "b", shared())
    with no_file_larger_than(30), pytest.raises(OSError, match="File too large"):
        block.delete([], *EVER)
    assert block.deletions == 0
    assert sorted(each.name for each in (tmp_path / "b").iterdir()) == ["index", "tiles"]
    assert content(block.select([], *EVER)) == content(given)


def test_the_cache_is_bounded_and_what_it_holds_cannot_be_written(tmp_path: Path) -> None:
    write_block(tmp_path / "b", sources([(150, 2100, {})]))
    common = shared(1 << 20)
    block = Block.open(tmp_path / "b", common)
    for _ in range(2):
        (answer,) = block.select([is_("i", "9")], 0, 1_700_000_600_000)
        with pytest.raises(ValueError, match="read-only"):
            answer.values[0, 0] = 1.0
    assert common.tiles.hits > 0
    block.select([], *EVER)
    assert 0 < common.tiles.nbytes <= 1 << 20


@pytest.mark.parametrize("name", ["index", "tiles", "tombstones"])
def test_a_file_cut_short_or_gone(name: str, sound: Path, tmp_path: Path) -> None:
    path = tmp_path / "b"
    shutil.copytree(sound, path)
    data = (path / name).read_bytes()
    for size in (0, 10, len(data) // 2, len(data) - 1):
        (path / name).write_bytes(data[:size])
        with pytest.raises(BlockDamaged):
            Block.open(path, shared())
    (path / name).write_bytes(data + b"\0")
    with pytest.raises(BlockDamaged):
        Block.open(path, shared())
    (path / name).unlink()
    if name != "tombstones":
        with pytest.raises(BlockDamaged, match="missing"):
            Block.open(path, shared())


@pytest.mark.parametrize("field", [name for name in Header.__dataclass_fields__ if name not in ("id", "checksum")])
def test_counts_with_a_right_checksum_are_judged_too(field: str, sound: Path, tmp_path: Path) -> None:
    path = tmp_path / "b"
    shutil.copytree(sound, path)
    data = (path / "index").read_bytes()
    header = decode_header(data)
    for value in {0, 1 << 31, getattr(header, field) + 1} - {getattr(header, field)}:
        fields = {name: getattr(header, name) for name in Header.__dataclass_fields__}
        forged = Header(**{**fields, field: value}).encode()
        (path / "index").write_bytes(forged + data[len(forged) :])
        try:
            findings = Block.open(path, shared()).verify()
        except BlockDamaged:
            continue
        assert findings or field in ("min_ms", "max_ms")


def test_a_later_format_is_left_alone(sound: Path, tmp_path: Path) -> None:
    path = tmp_path / "b"
    shutil.copytree(sound, path)
    data = bytearray((path / "index").read_bytes())
    data[8] = 2
    header = len(decode_header((sound / "index").read_bytes()).encode())
    data[header - 4 : header] = zlib.crc32(data[: header - 4]).to_bytes(4, "little")
    (path / "index").write_bytes(data)
    with pytest.raises(BlockTooNew, match="format 2"):
        Block.open(path, shared())
