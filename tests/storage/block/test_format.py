"""A second reader, written from docs/format/block.md alone, sees the same samples."""

import struct
import zlib
from pathlib import Path
from typing import Any

import cramjam
import numpy as np

from hivesight.model.labels import Labels
from hivesight.model.series import ABSENT, STALE, SeriesBlock
from hivesight.model.symbols import Symbols, label_table
from hivesight.storage.tsdb.block.write import write_block

ABSENT_BITS = 0x7FF0000000000001
WHOLE = 1 << 64


class Bytes:
    def __init__(self, data: bytes) -> None:
        self.data = data

    def take(self, size: int) -> bytes:
        taken, self.data = self.data[:size], self.data[size:]
        assert len(taken) == size
        return taken

    def numbers(self, kind: str, count: int) -> list[Any]:
        return list(struct.unpack(f"<{count}{kind}", self.take(struct.calcsize(f"<{kind}") * count)))


def expand(data: bytes) -> Bytes:
    raw = bytes(cramjam.zstd.decompress(data[4:]))
    assert len(raw) == int.from_bytes(data[:4], "little")
    return Bytes(raw)


def planes(data: Bytes, count: int, width: int) -> list[int]:
    each = [data.take(count) for _ in range(width)]
    return [sum(plane[i] << 8 * p for p, plane in enumerate(each)) for i in range(count)]


def integers(data: Bytes, r: int, s: int) -> list[list[int]]:
    order, width, shift = data.take(r), data.take(r), data.take(r)
    heads = planes(data, 2 * r, 8)
    rows: list[list[int]] = [[] for _ in range(r)]
    for kind in sorted(set(zip(order, width, strict=True))):
        members = [i for i in range(r) if (order[i], width[i]) == kind]
        numbers = planes(data, len(members) * s, kind[1])
        for k, i in enumerate(members):
            d = [(u >> 1) ^ -(u & 1) for u in numbers[k * s : (k + 1) * s]]
            slope = heads[r + i]
            if kind[0] == 0:
                d = [each + slope for each in d]
            elif kind[0] == 1:
                d = [d[0], *(each + slope for each in d[1:])]
            else:
                d[1] = slope
            for _ in range(kind[0]):
                d = [sum(d[: n + 1]) for n in range(s)]
            signed = [((each << shift[i]) + heads[i]) % WHOLE for each in d]
            rows[i] = [each - WHOLE if each >> 63 else each for each in signed]
    return rows


def floats(data: Bytes, r: int, s: int) -> list[list[int]]:
    """Bits."""
    scale, holed = data.take(r), data.take(r)
    holes = {i: int.from_bytes(data.take((s + 7) // 8), "little") for i in range(r) if holed[i]}
    (k,) = data.numbers("i", 1)
    places, patterns = data.numbers("i", k), data.numbers("Q", k)
    found: list[list[int]] = []
    for i, row in enumerate(integers(data, r, s)):
        real = [
            struct.pack("<q", n) if scale[i] == 255 else struct.pack("<d", float(n) / 10.0 ** scale[i]) for n in row
        ]
        found.append([int.from_bytes(each, "little") for each in real])
    for place, pattern in zip(places, patterns, strict=True):
        found[place // s][place % s] = pattern
    for i, hole in holes.items():
        found[i] = [ABSENT_BITS if hole >> j & 1 else each for j, each in enumerate(found[i])]
    assert not data.data
    return found


def read(path: Path) -> dict[tuple[tuple[str, str], ...], dict[int, tuple[int, int]]]:
    """Bits and start of each sample, by labels and time."""
    head = (path / "index").read_bytes()
    magic, version, id_, *_ = struct.unpack_from("<8sI16sqqQQQ", head)
    assert (magic, version) == (b"HIVEIDX1", 1)
    n = struct.unpack_from("<9I", head, 68)
    codes, raw, stored, checksum, own = struct.unpack_from("<QQQII", head, 104)
    assert (zlib.crc32(head[:132]), zlib.crc32(head[136:]), len(head) - 136) == (own, checksum, stored)
    body = Bytes(bytes(cramjam.zstd.decompress(head[136:])))
    assert len(body.data) == raw
    lengths = body.numbers("i", n[0])
    table_rows, table_width = body.numbers("i", n[1]), body.numbers("i", n[1])
    names, label_codes = body.numbers("i", n[2]), body.numbers("i", codes)
    rows, samples, flags = (body.numbers("i", n[3]) for _ in range(3))
    body.take(16 * n[3] + 8 * n[4])
    size, crc = body.numbers("I", n[5]), body.numbers("I", n[5])
    assert (n[6], n[7], n[8]) == (0, 0, 0)
    texts = [body.take(length).decode() for length in lengths]
    assert not body.data
    series: list[tuple[tuple[str, str], ...]] = []
    for count, width in zip(table_rows, table_width, strict=True):
        mine, names = names[:width], names[width:]
        cells, label_codes = label_codes[: count * width], label_codes[count * width :]
        for i in range(count):
            pairs = [(texts[name], texts[cells[j * count + i]]) for j, name in enumerate(mine)]
            series.append(tuple(pair for pair in pairs if pair[1]))
    file = Bytes((path / "tiles").read_bytes())
    assert file.take(24) == b"HIVETIL1" + id_
    tiles = [file.take(each) for each in size]
    assert [zlib.crc32(tile) for tile in tiles] == crc
    found: dict[tuple[tuple[str, str], ...], dict[int, tuple[int, int]]] = {each: {} for each in series}
    for r, s, flag in zip(rows, samples, flags, strict=True):
        bands = [(low, min(64, r - low)) for low in range(0, r, 64)]
        for column in range(0, s, 960):
            width = min(960, s - column)
            times = integers(expand(tiles.pop(0)), 1, width)[0]
            cells = [row for _, count in bands for row in floats(expand(tiles.pop(0)), count, width)]
            starts = [[0] * width for _ in range(r)]
            if flag & 2:
                starts = [row for _, count in bands for row in integers(expand(tiles.pop(0)), count, width)]
            for i in range(r):
                for time, bits, start in zip(times, cells[i], starts[i], strict=True):
                    if bits != ABSENT_BITS:
                        found[series[i]][time] = (bits, start)
        series = series[r:]
    return found


def test_the_page_is_enough(tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    symbols = Symbols()
    given: list[SeriesBlock] = []
    for number, (r, s) in enumerate(((70, 30), (2, 970), (1, 1))):
        labels = [Labels({"__name__": f"m{i % 3}", "i": str(i), "group": str(number)}) for i in range(r)]
        values = random.integers(0, 9, (r, s)).cumsum(axis=1) / np.array([1.0, 100.0] * r)[:r, np.newaxis]
        values[: r // 5] = random.normal(size=(r // 5, s))
        values[random.random((r, s)) < 0.05] = ABSENT
        values[random.random((r, s)) < 0.02] = STALE
        values[0, 0] = -0.0
        times = 1_700_000_000_000 + 15_000 * np.arange(s) + random.integers(0, 9, s)
        begun = random.integers(0, 2, (r, s)) * 1_600_000_000_123 if number == 0 else None
        given.append(SeriesBlock(label_table(labels, symbols), times, values, None, begun))
    write_block(tmp_path / "b", given)
    expected: dict[tuple[tuple[str, str], ...], dict[int, tuple[int, int]]] = {}
    for block in given:
        patterns = block.values.view(np.uint64).tolist()
        for i, labels in enumerate(block.labels.all_labels()):
            begun = [0] * len(block.times) if block.starts is None else block.starts[i].tolist()
            cells = zip(block.times.tolist(), patterns[i], begun, strict=True)
            expected[labels.pairs] = {time: (bits, start) for time, bits, start in cells if bits != ABSENT_BITS}
    assert read(tmp_path / "b") == expected
