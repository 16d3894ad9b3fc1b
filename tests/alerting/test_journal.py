"""What is remembered of an alert's flushes."""

import asyncio

from alerting.fakes import START, MemoryTable, alert
from hivesight.alerting.config import RouteConfig
from hivesight.alerting.group import Flush, Notice, Status
from hivesight.alerting.journal import LASTING_MS, MAX_SPANS, RETENTION_MS, Journal, What
from hivesight.alerting.nflog import Target
from hivesight.alerting.route import build_route
from hivesight.model.labels import Labels

ROUTE = build_route(RouteConfig(receiver="team"))
HOOK = Target("team", "webhook", 1)


def notice(name: str = "A", status: Status = Status.FIRING) -> Notice:
    return Notice(alert(alertname=name), status)


def flush(*notices: Notice, key: str = "{}:{}") -> Flush:
    return Flush(key, Labels(), ROUTE, notices, START, START + 1000, 1)


def held(journal: Journal, at_ms: int, why: str = "silence 1", name: str = "A") -> None:
    each = notice(name)
    journal.note(flush(each), What.SILENCED, [(each, why)], at_ms=at_ms)


def told(journal: Journal, at_ms: int, name: str = "A", answer: str = "200: ok", why: str = "first") -> None:
    each = notice(name)
    journal.note(flush(each), What.TOLD, [(each, why)], at_ms=at_ms, target=HOOK, answer=answer, attempts=1)


def spans(journal: Journal, name: str = "A") -> list[tuple[str, str, int, int, int]]:
    story = journal.story(alert(alertname=name).fingerprint)
    assert story is not None
    return [(each.fate.what, each.fate.why, each.first_ms, each.last_ms, each.count) for each in story.spans]


def test_the_same_at_the_next_flush_is_the_same_still() -> None:
    journal = Journal(MemoryTable(), START)
    held(journal, START)
    held(journal, START + 5)
    held(journal, START + 9, why="silence 2")
    told(journal, START + 10)
    told(journal, START + 20, answer="200: again")
    told(journal, START + 20 + LASTING_MS)
    assert spans(journal) == [
        ("silence", "silence 1", START, START + 5, 2),
        ("silence", "silence 2", START + 9, START + 9, 1),
        ("told", "first", START + 10, START + 20, 2),
        ("told", "first", START + 20 + LASTING_MS, START + 20 + LASTING_MS, 1),
    ]


def test_an_alert_that_is_told_with_others_again_and_again_has_one_entry() -> None:
    journal = Journal(MemoryTable(), START)
    for step in range(5):
        told(journal, START + step * 2 * LASTING_MS, why="new alerts added", answer=f"200: {step}")
    assert spans(journal) == [("told", "new alerts added", START, START + 8 * LASTING_MS, 5)]
    story = journal.story(alert(alertname="A").fingerprint)
    assert story is not None and story.spans[0].fate.answer == "200: 4"


def test_what_goes_on_is_written_once_a_minute() -> None:
    table = MemoryTable()
    journal = Journal(table, START)
    for step in range(0, LASTING_MS + 1, LASTING_MS // 4):
        held(journal, START + step)
        journal.save()
    assert spans(Journal(table, START)) == [("silence", "silence 1", START, START + LASTING_MS, 5)]


def test_what_another_group_or_integration_does_ends_nothing() -> None:
    journal = Journal(MemoryTable(), START)
    each = notice()
    for step, key in enumerate(["g", "h", "g", "h"]):
        journal.note(flush(each, key=key), What.INHIBITED, [(each, "b")], at_ms=START + step)
    assert [span[2:] for span in spans(journal)] == [(START, START + 2, 2), (START + 1, START + 3, 2)]


def test_it_outlives_the_process() -> None:
    table = MemoryTable()
    first = Journal(table, START)
    held(first, START)
    told(first, START + 1, answer="202: \u00fc")
    first.save()
    held(first, START + 2, name="B")
    again = Journal(table, START + 3)
    assert spans(again) == spans(first)
    story = again.story(alert(alertname="A").fingerprint)
    assert story is not None and story.labels == {"alertname": "A"}
    assert (story.spans[1].fate.answer, story.spans[1].fate.integration) == ("202: \u00fc", "webhook[1]")
    assert again.story(alert(alertname="B").fingerprint) is None


def test_it_is_written_when_the_server_ends() -> None:
    table = MemoryTable()
    journal = Journal(table, START)

    async def live() -> None:
        running = asyncio.create_task(journal.run())
        await asyncio.sleep(0)
        held(journal, START)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(live())
    assert len(table.load()) == 1


def test_it_is_bounded() -> None:
    table = MemoryTable()
    journal = Journal(table, START, limit=2)
    for step, name in enumerate("ABAC"):
        told(journal, START + step, name)
    journal.save()
    assert [labels.value("alertname") for labels in journal.labels()] == ["C", "A"]
    assert len(table.load()) == 2
    for step in range(MAX_SPANS + 10):
        told(journal, START + step, why=f"for reason {step}")
    assert len(spans(journal)) == MAX_SPANS and spans(journal)[-1][2] == START + MAX_SPANS + 9


def test_it_forgets() -> None:
    table = MemoryTable()
    journal = Journal(table, START)
    held(journal, START)
    held(journal, START + 9, name="B")
    journal.save()
    journal.sweep(START + RETENTION_MS + 5)
    journal.save()
    assert journal.labels() == [{"alertname": "B"}]
    assert len(table.load()) == 1 == len(Journal(table, START + RETENTION_MS + 5))


def test_a_document_that_cannot_be_read_is_dropped() -> None:
    table = MemoryTable()
    table.put({"x": b"{}", "y": b'{"labels": {}, "spans": [[1]]}'})
    assert len(Journal(table, START)) == 0
