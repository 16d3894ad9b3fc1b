"""What is told again and what is not."""

import pytest

from alerting.fakes import START, MemoryTable
from hivesight.alerting.nflog import RETENTION_MS, Entry, NotificationLog, Reason, Target, Told, decide

HOUR = 3_600_000
NONE: frozenset[str] = frozenset()


def entry(firing: str, resolved: str = "", at: int = START) -> Entry:
    return Entry(at, frozenset(firing), frozenset(resolved), at + HOUR)


CASES = [
    # entry, firing, resolved, send_resolved, now, reason
    (None, "a", "", True, START, Reason.FIRST),
    (None, "", "a", True, START, Reason.NEVER_TOLD),
    (None, "", "", True, START, Reason.NEVER_TOLD),
    (entry("a"), "a", "", True, START + HOUR, Reason.UNCHANGED),
    (entry("a"), "a", "", True, START + HOUR + 1, Reason.REPEAT),
    (entry("a"), "ab", "", True, START, Reason.NEW_ALERTS),
    (entry("", "a"), "a", "", True, START, Reason.FIRST),
    (entry("ab"), "a", "", True, START, Reason.UNCHANGED),
    (entry("ab"), "a", "b", True, START, Reason.NEW_RESOLVED),
    (entry("ab"), "a", "b", False, START, Reason.UNCHANGED),
    (entry("ab", "c"), "a", "c", True, START, Reason.UNCHANGED),
    (entry("a"), "", "a", True, START, Reason.ALL_RESOLVED),
    (entry("a"), "", "a", False, START, Reason.ALL_RESOLVED),
    (entry("", "a"), "", "a", True, START + 2 * HOUR, Reason.NEVER_TOLD),
    (entry("", "a"), "", "b", True, START, Reason.NEVER_TOLD),
]


@pytest.mark.parametrize(("known", "firing", "resolved", "send_resolved", "now", "reason"), CASES)
def test_decisions(
    known: Entry | None, firing: str, resolved: str, send_resolved: bool, now: int, reason: Reason
) -> None:
    found = decide(
        known,
        frozenset(firing),
        frozenset(resolved),
        send_resolved=send_resolved,
        repeat_interval_ms=HOUR,
        now_ms=now,
    )
    assert found is reason
    assert found.tells is (reason not in (Reason.UNCHANGED, Reason.NEVER_TOLD))


def test_entries_outlive_the_process_until_they_expire() -> None:
    table, target = MemoryTable(), Target("team", "webhook", 0)
    log = NotificationLog(table, START)
    log.record([Told(target, "{}:{}", frozenset("ab"), frozenset("c"), START, HOUR, {"ts": "1"})])
    again = NotificationLog(table, START)
    assert again.find(target, "{}:{}") == Entry(START, frozenset("ab"), frozenset("c"), START + 2 * HOUR, {"ts": "1"})
    again.sweep(START + 2 * HOUR)
    assert again.find(target, "{}:{}") is None and table.documents == {}


def test_entries_do_not_age_while_nobody_can_act_on_them() -> None:
    table, target = MemoryTable(), Target("team", "webhook", 0)
    log = NotificationLog(table, START)
    log.record([Told(target, "g", frozenset("a"), NONE, START, HOUR, {})])
    late = START + 50 * HOUR
    again = NotificationLog(table, late)
    found = again.find(target, "g")
    assert again.last_ms == START and found is not None and found.expires_ms == late + 2 * HOUR


def test_no_entry_lives_longer_than_five_days() -> None:
    log, target = NotificationLog(MemoryTable(), START), Target("team", "webhook", 0)
    log.record([Told(target, "g", NONE, NONE, START, RETENTION_MS, {})])
    found = log.find(target, "g")
    assert found is not None and found.expires_ms == START + RETENTION_MS


def test_a_document_that_cannot_be_read_is_dropped() -> None:
    table = MemoryTable({"x": b"{", "y": b"[]", "z": b'{"at_ms": 1}'})
    assert len(NotificationLog(table, START)) == 0
    assert table.documents == {}
