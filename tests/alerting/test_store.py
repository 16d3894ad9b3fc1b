"""Alerts as they are merged and kept."""

from dataclasses import replace

import pytest

from alerting.fakes import START, MemoryTable, alert
from hivesight.alerting.store import AlertStore
from hivesight.model.alert import Alert

MINUTE = 60_000
TIMEOUT = 5 * MINUTE


def put(store: AlertStore, *alerts: Alert, now: int = START) -> list[Alert]:
    return store.put(alerts, now, TIMEOUT)[0]


CASES = [
    # first start and end, second start, end and time of arrival (minutes), merged start and end
    ((0, 10), (0, 15, 5), (0, 15)),
    ((0, 10), (0, 3, 5), (0, 3)),
    ((0, 10), (2, 20, 5), (0, 20)),
    ((0, 10), (2, 8, 5), (0, 10)),
    ((0, 10), (12, 20, 12), (12, 20)),
    ((0, 3), (1, 2, 5), (0, 3)),
]


@pytest.mark.parametrize(("first", "second", "merged"), CASES)
def test_overlapping_alerts_merge(
    first: tuple[int, int], second: tuple[int, int, int], merged: tuple[int, int]
) -> None:
    store = AlertStore(MemoryTable(), START)
    put(store, alert(at=START + first[0] * MINUTE, ends=START + first[1] * MINUTE, a="b"))
    now = START + second[2] * MINUTE
    (found,) = put(store, alert(at=START + second[0] * MINUTE, ends=START + second[1] * MINUTE, a="b"), now=now)
    assert (found.starts_at_ms, found.ends_at_ms) == (START + merged[0] * MINUTE, START + merged[1] * MINUTE)
    assert found.updated_at_ms == now


def test_an_alert_without_an_end_times_out_and_its_timeout_never_prolongs() -> None:
    store = AlertStore(MemoryTable(), START)
    (found,) = put(store, alert(at=0, ends=0, a="b"))
    assert (found.starts_at_ms, found.ends_at_ms) == (START, START + TIMEOUT)
    (found,) = put(store, alert(at=START, ends=START + MINUTE, a="b"), now=START + 1)
    assert found.ends_at_ms == START + MINUTE
    (found,) = put(store, alert(at=START, ends=0, a="b"), now=START + 2)
    assert found.ends_at_ms == START + 2 + TIMEOUT


def test_alerts_of_one_batch_merge_too() -> None:
    store = AlertStore(MemoryTable(), START)
    found = put(store, alert(a="b"), alert(at=START + 1, a="b"), alert(c="d"))
    assert len(found) == len(store) == 2


def test_the_store_is_full_for_new_alerts_only() -> None:
    store = AlertStore(MemoryTable(), START, limit=1)
    put(store, alert(a="1"))
    taken, refused = store.put([alert(a="1"), alert(a="2")], START, TIMEOUT)
    assert (len(taken), refused) == (1, 1)


def test_what_is_over_and_not_needed_is_forgotten() -> None:
    table = MemoryTable()
    store = AlertStore(table, START)
    over, held, firing = put(
        store, alert(a="1", ends=START - 1), alert(a="2", ends=START - 1), alert(a="3", ends=START + 1)
    )
    assert store.collect(START, lambda name: name == held.fingerprint) == [over.fingerprint]
    assert set(table.documents) == {held.fingerprint, firing.fingerprint}


def test_a_restart_gives_firing_alerts_the_time_they_had() -> None:
    table = MemoryTable()
    store = AlertStore(table, START)
    firing, over = put(store, alert(a="1", ends=START + 4 * MINUTE), alert(a="2", ends=START - MINUTE))
    soon = {each.fingerprint: each for each in AlertStore(table, START + 3 * MINUTE)}
    assert soon == {firing.fingerprint: firing, over.fingerprint: over}
    late = START + 60 * MINUTE
    ended_in_life = {each.fingerprint: each for each in AlertStore(table, late, told_ms=START + 5 * MINUTE)}
    assert ended_in_life == soon
    resumed = {each.fingerprint: each for each in AlertStore(table, late, told_ms=START + MINUTE)}
    assert resumed[over.fingerprint] == over
    assert resumed[firing.fingerprint] == replace(firing, ends_at_ms=late + 3 * MINUTE)
