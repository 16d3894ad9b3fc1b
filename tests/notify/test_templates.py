"""The words of notifications."""

import pytest

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
