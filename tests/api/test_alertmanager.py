"""The Alertmanager API over a real alerting room."""

import pytest

from hivesight.api import alertmanager

NOW_MS = 1_700_000_000_000
SOON = "2023-11-14T23:13:20Z"
ALERT = {"labels": {"alertname": "A", "severity": "critical"}, "annotations": {"summary": "s"}, "endsAt": SOON}


@pytest.fixture
def ask(alerting, workers, clock, asking):
    return asking(alertmanager.routes(alerting, workers, clock, "1.2.3", NOW_MS))


def test_an_alert_that_is_posted_is_shown(ask) -> None:
    assert ask("/api/v2/alerts", "POST", json=[ALERT]).status_code == 200
    (shown,) = ask("/api/v2/alerts").json()
    assert shown["labels"] == ALERT["labels"] and shown["annotations"] == ALERT["annotations"]
    assert shown["receivers"] == [{"name": "ops"}]
    assert shown["status"]["state"] == "unprocessed" and shown["startsAt"] == "2023-11-14T22:13:20.000Z"
    assert len(shown["fingerprint"]) == 16
    (group,) = ask("/api/v2/alerts/groups").json()
    assert group["labels"] == {"alertname": "A"} and group["receiver"] == {"name": "ops"}
    assert len(group["alerts"]) == 1


@pytest.mark.parametrize(
    ("parameters", "count"),
    [
        ({}, 1),
        ({"filter": 'severity="critical"'}, 1),
        ({"filter": ['severity="critical"', "alertname!=A"]}, 0),
        ({"receiver": "o.*"}, 1),
        ({"receiver": "o"}, 0),
        ({"unprocessed": "false"}, 0),
    ],
)
def test_filters(ask, parameters, count) -> None:
    ask("/api/v2/alerts", "POST", json=[ALERT])
    assert len(ask("/api/v2/alerts", params=parameters).json()) == count


def test_an_end_in_the_past_resolves(ask) -> None:
    ask("/api/v2/alerts", "POST", json=[ALERT])
    past = {**ALERT, "startsAt": "2023-11-14T22:00:00Z", "endsAt": "2023-11-14T22:13:20Z"}
    ask("/api/v2/alerts", "POST", json=[past])
    assert ask("/api/v2/alerts").json() == []


def silence(**changes) -> dict:
    matchers = [{"name": "alertname", "value": "A", "isRegex": False, "isEqual": True}]
    base = {"matchers": matchers, "startsAt": "2023-11-14T22:13:20Z", "endsAt": SOON, "createdBy": "me", "comment": "c"}
    return {**base, **changes}


def test_the_life_of_a_silence(ask, clock) -> None:
    ask("/api/v2/alerts", "POST", json=[ALERT])
    id_ = ask("/api/v2/silences", "POST", json=silence()).json()["silenceID"]
    assert ask(f"/api/v2/silence/{id_}").json()["status"] == {"state": "active"}
    (shown,) = ask("/api/v2/alerts").json()
    assert shown["status"]["state"] == "suppressed" and shown["status"]["silencedBy"] == [id_]
    assert ask("/api/v2/alerts", params={"silenced": "false"}).json() == []
    assert len(ask("/api/v2/silences", params={"filter": 'alertname="A"'}).json()) == 1
    clock.ms += 1000
    assert ask(f"/api/v2/silence/{id_}", "DELETE").status_code == 200
    assert ask(f"/api/v2/silence/{id_}").json()["status"] == {"state": "expired"}
    assert ask("/api/v2/alerts").json()[0]["status"]["silencedBy"] == []


BAD_SILENCES = [{"matchers": []}, {"matchers": [{"name": "a", "value": "(", "isRegex": True}]}, {"endsAt": "soon"}]


@pytest.mark.parametrize("changes", BAD_SILENCES)
def test_what_is_no_silence(ask, changes) -> None:
    assert ask("/api/v2/silences", "POST", json=silence(**changes)).status_code == 400


def test_the_rest(ask) -> None:
    assert ask("/api/v2/receivers").json() == [{"name": "ops"}]
    assert ask("/api/v2/status").json()["versionInfo"]["version"] == "1.2.3"
    assert ask("/api/v2/silence/none").status_code == 404
