"""Silences: made, changed, expired, and what they mute."""

import pytest

from alerting.fakes import START, MemoryTable
from hivesight.alerting.matchers import parse_matchers
from hivesight.alerting.silence import (
    RETENTION_MS,
    BadSilence,
    NoSuchSilence,
    SilenceRequest,
    Silences,
    SilenceState,
)
from hivesight.model.labels import Labels

HOUR = 3_600_000


def request(matchers: str = "a=b", start: int = START, end: int = START + HOUR, id_: str = "") -> SilenceRequest:
    return SilenceRequest(parse_matchers(matchers), start, end, "ann", "why", id_)


def silences(table: MemoryTable | None = None, now: int = START) -> Silences:
    numbers = iter(range(100))
    return Silences(MemoryTable() if table is None else table, now, lambda: f"id{next(numbers)}")


def test_states_and_muting_follow_the_clock() -> None:
    room = silences()
    made = room.set(request(start=START + 1000), START)
    seen = [(made.state(at), bool(room.muting(Labels({"a": "b"}), at))) for at in (START, START + 1000, START + HOUR)]
    assert seen == [(SilenceState.PENDING, False), (SilenceState.ACTIVE, True), (SilenceState.EXPIRED, False)]
    assert not room.muting(Labels({"a": "c"}), START + 1000)


def test_a_negative_matcher_alone_is_enough() -> None:
    assert silences().set(request("a!=b"), START).matchers == parse_matchers("a!=b")


def test_a_start_in_the_past_is_now() -> None:
    assert silences().set(request(start=START - HOUR), START).starts_at_ms == START


BAD = [
    (request(""), "at least one matcher"),
    (request("a=~'.*'".replace("'", '"')), "mute everything"),
    (request("a=,b=~c?"), "mute everything"),
    (request(end=START), "must be after"),
    (request(start=START - HOUR, end=START - 1), "in the past"),
]


@pytest.mark.parametrize(("wanted", "message"), BAD)
def test_bad_silences_are_refused(wanted: SilenceRequest, message: str) -> None:
    with pytest.raises(BadSilence, match=message):
        silences().set(wanted, START)


CHANGES = [
    # what changes, when, whether in place
    (request(end=START + 2 * HOUR, id_="id0"), START + 10, True),
    (request("a=c", id_="id0"), START + 10, False),
    (request(start=START - HOUR, end=START + HOUR, id_="id0"), START + 10, False),
    (request(end=START + 3 * HOUR, id_="id0"), START + 2 * HOUR, False),
]


@pytest.mark.parametrize(("wanted", "now", "in_place"), CHANGES)
def test_changes_do_not_rewrite_what_has_been(wanted: SilenceRequest, now: int, in_place: bool) -> None:
    room = silences()
    room.set(request(), START)
    changed = room.set(wanted, now)
    assert (changed.id == "id0") is in_place
    assert (room.get("id0").state(now) is SilenceState.EXPIRED) is not in_place


def test_expiring() -> None:
    room = silences()
    room.set(request(), START)
    room.expire("id0", START + 5)
    assert not room.muting(Labels({"a": "b"}), START + 5)
    assert room.expire("id0", START + 6).ends_at_ms == START + 5
    with pytest.raises(NoSuchSilence, match="id9"):
        room.expire("id9", START + 6)
    room.set(request(start=START + HOUR, end=START + 2 * HOUR), START)
    assert room.expire("id1", START + 7).state(START + 7) is SilenceState.EXPIRED


def test_silences_outlive_the_process_and_are_forgotten_in_time() -> None:
    table = MemoryTable()
    made = silences(table).set(request('a=~"b|c"'), START)
    again = silences(table, START + 1)
    assert again.get(made.id) == made
    assert again.muting(Labels({"a": "c"}), START + 1)
    assert list(silences(table, made.ends_at_ms + RETENTION_MS)) == []
    assert table.documents == {}
