"""The Alertmanager API over a real alerting room."""

import pytest

from hivesight.api import alertmanager

NOW_MS = 1_700_000_000_000
SOON = "2023-11-14T23:13:20Z"
ALERT = {
    "labels": {"alertname": "A", "severity": "critical"},
    "annotations": {"summary": "s"},
    "startsAt": "2023-11-14T22:13:20Z",
}
ALERT["endsAt"] = SOON


@pytest.fixture
def ask(alerting, workers, clock, asking):
    return asking(alertmanager.routes(alerting, workers, clock, "1.2.3", NOW_MS, lambda: "route: {}"))


def test_an_alert_that_is_posted_is_shown(ask) -> None:
    assert ask("/api/v2/alerts", "POST", json=[ALERT]).status_code == 200
    (shown,) = ask("/api/v2/alerts").json()
    assert shown["labels"] == ALERT["labels"] and shown["annotations"] == ALERT["annotations"]
    assert shown["receivers"] == [{"name": "ops"}]
    assert shown["status"]["state"] == "active" and shown["startsAt"] == "2023-11-14T22:13:20.000Z"
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
        ({"active": "false"}, 0),
        ({"active": "no"}, 0),
        ({"active": ""}, 1),
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


BAD_SILENCES = [
    ({"matchers": []}, 422, 612),
    ({"matchers": None}, 422, 602),
    ({"matchers": [{"name": "a", "value": "(", "isRegex": True}]}, 400, 400),
    ({"matchers": [{"name": "a", "value": "b"}]}, 422, 602),
    ({"matchers": [{"name": "a", "value": ".*", "isRegex": True}]}, 400, None),
    ({"endsAt": "soon"}, 400, 400),
    ({"endsAt": "2023-11-14"}, 400, None),
    ({"comment": None}, 422, 602),
    ({"id": "none"}, 404, None),
]


@pytest.mark.parametrize(("changes", "status", "code"), BAD_SILENCES)
def test_what_is_no_silence(ask, changes, status, code) -> None:
    answer = ask("/api/v2/silences", "POST", json=silence(**changes))
    assert answer.status_code == status
    assert isinstance(answer.json(), str) if code is None else answer.json()["code"] == code


BAD_ALERTS = [
    ("", 422, 602),
    ("{", 400, 400),
    ("{}", 400, 400),
    ("[{}]", 422, 602),
    ('[{"labels": {"a": 1}}]', 400, 400),
    ('[{"labels": {"a": "b"}, "startsAt": "x"}]', 400, 400),
    ('[{"labels": {"a": "b"}, "generatorURL": "no url"}]', 422, 601),
    ('[{"labels": {}}]', 400, None),
    ('[{"labels": {"a": "b"}, "startsAt": "2023-11-15", "endsAt": "2023-11-14"}]', 400, None),
]


@pytest.mark.parametrize(("body", "status", "code"), BAD_ALERTS)
def test_what_are_no_alerts(ask, body, status, code) -> None:
    answer = ask("/api/v2/alerts", "POST", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert isinstance(answer.json(), str) if code is None else answer.json()["code"] == code


def test_good_alerts_are_taken_beside_bad_ones(ask) -> None:
    assert ask("/api/v2/alerts", "POST", json=[{"labels": {"a": ""}}, ALERT]).json().startswith("alert 0: ")
    assert len(ask("/api/v2/alerts").json()) == 1


BAD_FILTERS = ["", "a", "=b", "{a=b}", 'a=~"("', '"a"="b","c"="d"']


@pytest.mark.parametrize("text", BAD_FILTERS)
@pytest.mark.parametrize("path", ["alerts", "alerts/groups", "silences"])
def test_what_is_no_filter(ask, path, text) -> None:
    assert ask(f"/api/v2/{path}", params={"filter": text}).status_code == 400


def test_the_order_of_silences(ask, clock) -> None:
    spans = {"late": ("2023-11-14T23:00:00Z", "2023-11-15"), "soon": ("2023-11-14T22:30:00Z", "2023-11-16")}
    spans |= {"long": ("2023-11-14", "2023-11-17"), "short": ("2023-11-14", SOON), "over": ("2023-11-14", SOON)}
    for name, (begins, ends) in spans.items():
        id_ = ask("/api/v2/silences", "POST", json=silence(startsAt=begins, endsAt=ends, comment=name)).json()
    ask(f"/api/v2/silence/{id_['silenceID']}", "DELETE")
    found = [each["comment"] for each in ask("/api/v2/silences").json()]
    assert found == ["short", "long", "soon", "late", "over"]


def test_the_rest(ask) -> None:
    assert ask("/api/v2/receivers").json() == [{"labels": {"name": "ops"}, "name": "ops"}]
    status = ask("/api/v2/status").json()
    assert (status["versionInfo"]["version"], status["versionInfo"]["revision"]) == ("0.33.1", "1.2.3")
    assert status["config"] == {"original": "route: {}"}
    assert ask("/api/v2/silence/none").status_code == 422
    assert ask("/api/v2/silence/00000000-0000-0000-0000-000000000000").status_code == 404
    assert ask("/api/v2/nothing").json() == {"code": 404, "message": "path /api/v2/nothing was not found"}
    assert ask("/api/v2/alerts", "PUT").headers["Allow"] == "GET,POST"
    assert ask("/api/v2/alerts", "POST", content="[]").status_code == 415
    assert ask("/api/v1/silences").status_code == ask("/api/v1/silence/none", "DELETE").status_code == 410
