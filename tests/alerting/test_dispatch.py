"""When groups are flushed, by a clock that stands where the test puts it."""

from pathlib import Path

from alerting.fakes import START, alert
from hivesight.alerting import read_config
from hivesight.alerting.dispatch import Dispatcher
from hivesight.alerting.group import Flush, Status
from hivesight.alerting.route import build_route

ROUTE = "receiver: a, group_by: [alertname], group_wait: 30s, group_interval: 5m, repeat_interval: 4h"


def dispatcher(route: str = ROUTE, limit: int = 1000) -> Dispatcher:
    file = read_config(Path("am.yml"), f"route: {{{route}}}\nreceivers: [{{name: a}}, {{name: b}}]\n")
    assert file.config is not None and file.config.route is not None, file.diagnostics
    return Dispatcher(build_route(file.config.route), limit)


def said(flush: Flush) -> list[tuple[str, str]]:
    return [(notice.alert.labels.value("n"), notice.status) for notice in flush.notices]


def test_a_group_waits_so_that_its_alerts_come_together() -> None:
    room = dispatcher()
    assert room.next_due(START) is None
    room.insert(alert(alertname="X", n="1"), START)
    assert room.next_due(START) == START + 30_000
    room.insert(alert(at=START + 10_000, alertname="X", n="2"), START + 10_000)
    assert room.due(START + 29_999) == []
    (flush,) = room.due(START + 30_000)
    assert said(flush) == [("1", "firing"), ("2", "firing")]
    assert (flush.group_key, flush.deadline_ms) == ('{}:{alertname="X"}', START + 330_000)
    room.finished(flush, True)
    assert room.next_due(START + 30_000) == START + 330_000
    room.insert(alert(at=START + 40_000, alertname="X", n="3"), START + 40_000)
    assert room.next_due(START + 40_000) == START + 330_000
    (flush,) = room.due(START + 330_000)
    assert [n for n, _ in said(flush)] == ["1", "2", "3"]


def test_an_alert_older_than_group_wait_does_not_wait() -> None:
    room = dispatcher()
    room.insert(alert(at=START - 31_000, alertname="X"), START)
    assert len(room.due(START)) == 1
    room.insert(alert(at=START - 30_000, alertname="Y"), START)
    assert room.due(START) == []


def test_an_old_alert_does_not_hurry_a_group_that_was_flushed() -> None:
    room = dispatcher()
    room.insert(alert(at=START - 31_000, alertname="X", n="1"), START)
    (flush,) = room.due(START)
    room.finished(flush, True)
    room.insert(alert(at=START - 31_000, alertname="X", n="2"), START + 1)
    assert room.next_due(START + 1) == START + 300_000


def test_resolved_alerts_are_told_once_and_forgotten() -> None:
    room = dispatcher()
    room.insert(alert(alertname="X", n="1", ends=START + 20_000), START)
    (flush,) = room.due(START + 30_000)
    assert said(flush) == [("1", Status.RESOLVED)]
    room.finished(flush, False)
    (flush,) = room.due(START + 330_000)
    assert said(flush) == [("1", Status.RESOLVED)]
    room.finished(flush, True)
    assert room.due(START + 630_000) == [] and room.groups() == []


def test_an_alert_that_fires_again_while_it_is_told_is_kept() -> None:
    room = dispatcher()
    room.insert(alert(alertname="X", ends=START + 1), START)
    (flush,) = room.due(START + 30_000)
    room.insert(alert(at=START + 31_000, alertname="X"), START + 31_000)
    room.finished(flush, True)
    (flush,) = room.due(START + 330_000)
    assert flush.notices[0].firing


def test_a_group_of_which_all_is_over_is_forgotten_and_its_next_alert_waits_again() -> None:
    room = dispatcher()
    room.insert(alert(alertname="X", ends=START + 1), START)
    (flush,) = room.due(START + 30_000)
    room.finished(flush, True)
    assert room.next_due(START + 60_000) is None
    room.insert(alert(at=START + 60_000, alertname="X"), START + 60_000)
    assert room.next_due(START + 60_000) == START + 90_000


def test_an_alert_that_is_old_already_hastens_only_a_group_that_it_makes() -> None:
    room = dispatcher()
    room.insert(alert(alertname="X", n="1"), START)
    room.insert(alert(at=START - 60_000, alertname="X", n="2"), START)
    assert room.next_due(START) == START + 30_000
    room.insert(alert(at=START - 60_000, alertname="Y"), START)
    assert room.next_due(START) == START


def test_a_group_is_never_told_twice_at_once() -> None:
    room = dispatcher()
    room.insert(alert(alertname="X"), START)
    room.insert(alert(alertname="Y"), START)
    slow, quick = sorted(room.due(START + 30_000), key=lambda each: each.group_key)
    room.finished(quick, True)
    (again,) = room.due(START + 330_000)
    assert again.group_key == quick.group_key
    assert room.next_due(START + 330_001) == START + 630_000 or room.next_due(START + 330_001) is None
    room.finished(slow, True)
    assert room.next_due(START + 340_000) == START + 340_000
    (late,) = room.due(START + 340_000)
    assert late.group_key == slow.group_key


def test_equal_siblings_share_a_key_and_take_turns() -> None:
    child = "{receiver: b, matchers: [a=b], continue: true}"
    room = dispatcher(ROUTE + f", routes: [{child}, {child}]")
    room.insert(alert(a="b"), START)
    (first,) = room.due(START + 30_000)
    room.finished(first, True)
    (second,) = room.due(START + 30_001)
    assert first.group_key == second.group_key and first.route.index != second.route.index


def test_group_by_all_makes_a_group_of_each_alert() -> None:
    room = dispatcher("receiver: a, group_by: ['...'], group_wait: 0s")
    room.insert(alert(alertname="X", n="1"), START)
    room.insert(alert(alertname="X", n="2"), START)
    assert [flush.group_key for flush in room.due(START)] == [
        '{}:{alertname="X", n="1"}',
        '{}:{alertname="X", n="2"}',
    ]


def test_notices_are_listed_by_job_and_instance_first() -> None:
    room = dispatcher("receiver: a, group_wait: 0s")
    for labels in ({"n": "4"}, {"n": "1", "job": "b"}, {"n": "2", "job": "a", "instance": "z"}, {"n": "3", "job": "a"}):
        room.insert(alert(**labels), START)
    (flush,) = room.due(START)
    assert [n for n, _ in said(flush)] == ["2", "3", "1", "4"]


def test_groups_have_a_limit() -> None:
    room = dispatcher("receiver: a, group_by: ['...']", limit=2)
    for number in range(3):
        room.insert(alert(n=str(number)), START)
    assert room.refused == 1 and len(room.groups()) == 2
    room.insert(alert(n="1"), START)
    assert room.refused == 1


def test_flushes_of_the_tree_before_a_reload_are_waited_for() -> None:
    old, new = dispatcher(), dispatcher()
    old.insert(alert(alertname="X"), START)
    (running,) = old.due(START + 30_000)
    new.adopt(old.running())
    new.insert(alert(at=START - 60_000, alertname="X"), START + 31_000)
    assert new.due(START + 31_000) == []
    new.finished(running, True)
    assert len(new.due(START + 32_000)) == 1


def test_flushes_come_in_portions_where_many_are_due() -> None:
    room = dispatcher()
    for number in range(5):
        for each in "ab":
            room.insert(alert(alertname=f"X{number}", n=each), START)
    portions = [len(room.due(START + 30_000, 3)) for _ in range(4)]
    assert portions == [2, 2, 1, 0]
