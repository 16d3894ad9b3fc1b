"""The log read behind its writers: everything once, in order, from any place, whatever happens to the files."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from structlog.testing import capture_logs

from hivesight.model.batch import Exemplar, Samples
from hivesight.model.labels import Labels
from hivesight.storage.tsdb import Tsdb, WalOptions
from hivesight.storage.tsdb.codec import SeriesDefinition
from hivesight.storage.tsdb.tail import Entry, Pushed, Scraped, Tail

Open = Callable[..., Tsdb]
SMALL = WalOptions(segment_bytes=600, checkpoint_bytes=0)


def scrape(store: Tsdb, key: str, *times: int, series: int = 3) -> None:
    group = store.group(key)
    rows = group.register([Labels({"__name__": "m", "t": key, "i": str(each)}) for each in range(series)])
    for time in times:
        group.append(time, rows, np.arange(float(series)) + time)


def times(entries: Iterable[Entry]) -> list[int]:
    return [each.time_ms for each in entries if isinstance(each, Scraped)]


def known(tail: Tail) -> set[str]:
    """The groups of which there are series before the tail's place."""
    return {text for each in tail.definitions()[1] for text in each.texts} & {"a", "b"}


def test_what_comes_is_read_once_in_order(open_store: Open) -> None:
    store = open_store()
    scrape(store, "a", 1, 2)
    tail = store.tail(None)
    assert tail.at_end and list(tail.entries()) == []
    scrape(store, "a", 3)
    scrape(store, "b", 1, 2)
    ref = store.push.register([Labels({"__name__": "pushed"})])
    store.push.append(Samples(np.array([ref[0]] * 2, np.int32), np.array([5, 4]), np.array([5.0, 4.0])))
    store.keep_exemplars([Exemplar(Labels({"__name__": "m"}), Labels({"trace_id": "x"}), 1.0, 3)])
    found = list(tail.entries())
    assert times(found) == [3, 1, 2]
    assert [each.group for each in found if isinstance(each, SeriesDefinition)] != []
    (piece,) = [each.piece for each in found if isinstance(each, Pushed)]
    assert piece.times.tolist() == [4, 5]
    assert [each[0].labels["trace_id"] for each in found if isinstance(each, list)] == ["x"]
    assert tail.at_end and list(tail.entries()) == []


def test_a_reader_that_stops_goes_on_from_its_place(open_store: Open) -> None:
    store = open_store(wal=SMALL)
    tail = store.tail(None)
    scrape(store, "a", *range(1, 60))
    assert store.stats().wal_segments > 3
    places = [(each.time_ms, tail.position) for each in tail.entries() if isinstance(each, Scraped)]
    store.close()
    again = open_store(wal=SMALL)
    for time, place in places[::13]:
        assert times(again.tail(place).entries()) == list(range(time + 1, 60))
        assert known(again.tail(place)) == {"a"}


def test_what_is_unread_outlives_its_checkpoint_and_a_restart(open_store: Open, clock, tmp_path: Path) -> None:
    store = open_store(wal=SMALL)
    tail = store.tail(None)
    scrape(store, "a", *range(1, 40))
    store.truncate(clock.now_ms())
    assert store.stats().checkpoints_total == 1 and store.stats().wal_segments == 1
    begin = tail.position
    store.close()
    again = open_store(wal=SMALL, unread=begin.segment)
    assert again.stats().replay.samples == 3 * 39
    later = again.tail(begin)
    scrape(again, "b", 7)
    assert known(later) == {"a"}
    assert times(later.entries()) == [*range(1, 40), 7]
    assert known(later) == {"a", "b"}
    files = len(list((tmp_path / "store" / "wal").glob("*.wal")))
    again.truncate(clock.now_ms())
    assert times(again.tail(begin).entries())[:2] == [1, 2]
    later.needed = later.position
    again.truncate(clock.now_ms())
    assert len(list((tmp_path / "store" / "wal").glob("*.wal"))) < files


def test_what_is_kept_for_readers_has_a_bound(open_store: Open, clock) -> None:
    store = open_store(wal=WalOptions(segment_bytes=600, checkpoint_bytes=0, unread_bytes=1500))
    tail = store.tail(None)
    scrape(store, "a", *range(1, 60))
    store.truncate(clock.now_ms())
    scrape(store, "a", 60)
    with capture_logs() as logs:
        found = times(tail.entries())
    assert found == list(range(found[0], 61)) and 1 < found[0] < 59
    assert tail.skipped_segments == 1 and "is not sent on" in logs[0]["event"]
    assert known(tail) == {"a"}


def test_damage_is_passed_over(open_store: Open, tmp_path: Path) -> None:
    store = open_store(wal=SMALL)
    tail = store.tail(None)
    scrape(store, "a", *range(1, 40))
    path = sorted((tmp_path / "store" / "wal").glob("*.wal"))[1]
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    with capture_logs() as logs:
        found = times(tail.entries())
    assert found[0] == 1 and found[-1] == 39 and len(found) < 39
    assert tail.skipped_segments == 1 and logs[0]["reason"] == "damaged"


def test_a_place_that_the_log_has_not_is_its_end(open_store: Open) -> None:
    store = open_store()
    scrape(store, "a", 1)
    end = store.tail(None).position
    assert store.tail(type(end)(9, 16)).position == end
