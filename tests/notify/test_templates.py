"""The words of notifications."""

from dataclasses import replace

import pytest

from alerting.fakes import START, alert
from hivesight.notify.errors import FailureReason, NotifyError
from hivesight.notify.notification import Notification
from hivesight.notify.rendering import load_templates
from notify.helpers import HERE, down, notices, notification

templates = load_templates((), HERE)


def storm(count: int) -> Notification:
    return notification(notices(*(down(f"10.0.{n // 256}.{n % 256}:80") for n in range(count))))


CASES = [
    (notification(), "{{ .Status }} {{ .Receiver }} {{ .ExternalURL }}", "firing team http://hive.example"),
    (notification(), "{{ len .Alerts.Firing }}/{{ len .Alerts.Resolved }}", "1/0"),
    (notification(), '{{ .CommonLabels.SortedPairs.Names | join "," }}', "alertname,instance,job,severity"),
    (notification(), '{{ (.CommonLabels.Remove (stringSlice "job")).job }}', ""),
    (notification(), "{{ .CommonAnnotations.summary }}", "The service is down"),
    (notification(), "{{ range .Alerts }}{{ .StartsAt.Unix }} {{ .EndsAt.IsZero }}{{ end }}", "1760000000 true"),
    (notification(), "{{ (index .Alerts 0).GeneratorURL }}", "http://hive/graph"),
    (notification(notices(resolved=(down(),))), '{{ template "__subject" . }}', "[RESOLVED] AgentHiveDown"),
    (storm(3), '{{ template "__subject" . }}', "[FIRING:3] AgentHiveDown agent-hive-orchestrator (critical)"),
    (notification(), "no template {", "no template {"),
]


@pytest.mark.parametrize(("told", "text", "expected"), CASES)
def test_settings_are_filled_in(told: Notification, text: str, expected: str) -> None:
    assert templates.render(text, told).startswith(expected)


@pytest.mark.parametrize("name", ["slack.default.text", "email.default.text", "email.default.html"])
def test_a_storm_of_alerts_still_makes_a_message_that_can_be_read(name: str) -> None:
    message = templates.render(f'{{{{ template "{name}" . }}}}', storm(3000), html=name.endswith("html"))
    assert "irst 50 of 3000" in message and message.count("The service is down") == 50


SHORT = ["discord.default.message", "msteamsv2.default.text", "msteams.default.text", "opsgenie.default.description"]
SHORT += ["telegram.default.message", "telegram.default.text"]


@pytest.mark.parametrize("name", SHORT)
def test_a_storm_on_a_phone_is_shorter_still(name: str) -> None:
    message = templates.render(f'{{{{ template "{name}" . }}}}', storm(3000), html=name == "telegram.default.message")
    assert "The first 10 of 3000." in message and message.count("The service is down") == 10
    assert "http://hive.example/alerts?receiver=team" in message


LINKS = {f"{name}_url": f"http://{name}" for name in ("dashboard", "logs", "traces", "runbook")}


@pytest.mark.parametrize("name", [*SHORT, "slack.default.text", "email.default.text", "email.default.html"])
def test_every_message_says_where_to_look_and_what_to_do(name: str) -> None:
    told = notification(notices(down(**LINKS)))
    html = name in ("telegram.default.message", "email.default.html")
    message = templates.render(f'{{{{ template "{name}" . }}}}', told, html=html)
    for part in ("The service is down", "No answer for 1m", "critical", "firing since 2025-10-09 08:53:20 UTC"):
        assert part in message
    for part in ("Graph", "http://hive/graph", "Dashboard", "Logs", "Traces", "Runbook", *LINKS.values()):
        assert part in message


EVERYWHERE = [*SHORT, "slack.default.text", "email.default.text", "email.default.html"]


def filled(name: str, told: Notification) -> str:
    html = name in ("telegram.default.message", "email.default.html")
    return templates.render(f'{{{{ template "{name}" . }}}}', told, html=html)


@pytest.mark.parametrize("name", EVERYWHERE)
def test_an_alert_without_annotations_says_what_its_labels_do(name: str) -> None:
    bare = replace(alert(alertname="HighMemory", job="node", instance="web-1:9100", zone="b"), generator_url="")
    message = filled(name, notification(notices(bare)))
    for part in ("HighMemory", "web-1:9100", "job=node", "zone=b", "firing since 2025-10-09 08:53:20 UTC"):
        assert part in message
    for part in ("no value", "Graph", "Runbook", "Severity", "How bad", "()"):
        assert part not in message


@pytest.mark.parametrize("name", EVERYWHERE)
def test_a_description_alone_is_the_first_line_and_stands_there_once(name: str) -> None:
    message = filled(name, notification(notices(alert(alertname="Slow", annotations={"description": "p95 is 750 ms"}))))
    assert message.count("p95 is 750 ms") == 1


INSTANCES = ["web-1:9100", "[::1]:9100", "a(b", "x" * 20_000]


@pytest.mark.parametrize("name", EVERYWHERE)
@pytest.mark.parametrize("instance", INSTANCES, ids=range(len(INSTANCES)))
def test_the_first_line_says_where_it_is_once(name: str, instance: str) -> None:
    marks = str.maketrans("", "", "\\")
    said = filled(name, notification(notices(down(instance, summary=f"CPU of {instance} is busy"))))
    assert f"CPU of {instance} is busy on" not in said.translate(marks)
    unsaid = filled(name, notification(notices(down(instance, summary="CPU is busy"))))
    assert f"CPU is busy on {instance}" in unsaid.translate(marks)


@pytest.mark.parametrize("name", EVERYWHERE)
def test_each_of_several_alerts_says_where_it_is_and_how_long_it_lasted(name: str) -> None:
    over = replace(down("c:3"), ends_at_ms=START + 720_000)
    message = filled(name, notification(notices(down("a:1"), down("b:2"), resolved=(over,))))
    for part in ("a:1", "b:2", "c:3", "resolved at 2025-10-09 09:05:20 UTC after 12m 0s"):
        assert part in message


@pytest.mark.parametrize("name", [*EVERYWHERE, "slack.default.titlelink", "pagerduty.default.clientURL"])
def test_there_is_no_link_to_a_server_that_nobody_named(name: str) -> None:
    message = filled(name, replace(notification(), external_url=""))
    assert "/alerts" not in message and "All alerts" not in message


def test_a_test_says_so_in_the_subject() -> None:
    told = notification(notices(down(summary="[TEST] nothing is wrong")))
    assert filled("__subject", told).startswith("[TEST] [FIRING:1] AgentHiveDown")
    assert "[TEST] 1 firing" in filled("email.default.html", told)
    assert filled("__subject", notification(notices(down(summary="no [TEST]")))).startswith("[FIRING:1]")


def test_colours_tell_how_bad_it_is() -> None:
    colours = {"critical": "danger", "warning": "warning", "info": "#0969da", "page": "danger"}
    for severity, colour in colours.items():
        told = notification(notices(alert(alertname="X", severity=severity)))
        assert filled("slack.default.color", told) == colour


def test_addresses_of_slack_links_end_where_they_end() -> None:
    told = notification(notices(down(runbook_url="http://r/a|b>c<d&e")))
    assert "<http://r/a%7Cb%3Ec%3Cd&amp;e|Runbook>" in filled("slack.default.text", told)


def test_templates_of_ones_own_may_look_at_every_alert() -> None:
    told = storm(3000)
    text = "{{ range .Alerts }}{{ range .Labels.SortedPairs }}{{ .Name }}={{ .Value }} {{ end }}{{ end }}"
    assert templates.render(text, told).count("instance=") == 3000


@pytest.mark.parametrize(
    "text", ['{{ template "missing" . }}', "{{ .Nothing.At.All }}", "{{ .A | }}", "{{ index .Alerts 9 }}"]
)
def test_what_cannot_be_filled_in_is_not_tried_again(text: str) -> None:
    with pytest.raises(NotifyError) as raised:
        templates.render(text, notification())
    assert (raised.value.reason, raised.value.retry) == (FailureReason.TEMPLATE, False)
