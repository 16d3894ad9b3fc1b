"""A rehearsal says what the server would, to whom and when, on a clock of its own and to receivers of its own."""

import textwrap
from pathlib import Path

import pytest

from alerting.fakes import START, alert
from hivesight import pack
from hivesight.alerting import ConfigFile, read_config
from hivesight.alerting.journal import What
from hivesight.doctor.rehearsal import Delivery, Rehearsal

MINUTE = 60_000
EVERY_KIND = """
global: {smtp_smarthost: 'mail.invalid:25', smtp_from: hive@example.org, opsgenie_api_key_file: no/such/key}
route: {receiver: all, group_by: [alertname], group_wait: 30s, group_interval: 5m, repeat_interval: 1h}
receivers:
  - name: all
    webhook_configs: [{url_file: no/such/address, http_config: {proxy_url: 'http://proxy.invalid'}}]
    slack_configs: [{api_url_file: no/such/address, channel: '#ops', send_resolved: true}]
    email_configs: [{to: 'a@example.org, b@example.org', auth_username: me, auth_password_file: no/such/secret}]
    pagerduty_configs: [{routing_key_file: no/such/key}, {service_key_file: no/such/key}]
    opsgenie_configs: [{update_alerts: true}]
    msteams_configs: [{webhook_url: 'https://teams.invalid/1'}]
    msteamsv2_configs: [{webhook_url: 'https://teams.invalid/2'}]
    discord_configs: [{webhook_url: 'https://discord.invalid/3'}]
    telegram_configs: [{bot_token_file: no/such/token, chat_id_file: no/such/chat}]
"""


def config(text: str) -> ConfigFile:
    return read_config(Path("alertmanager.yml"), textwrap.dedent(text))


def told(rehearsal: Rehearsal) -> list[tuple[int, str, int, int]]:
    return [
        ((each.at_ms - START) // 1000, each.integration, len(each.firing), len(each.resolved))
        for each in rehearsal.deliveries
    ]


def test_every_kind_of_receiver_is_told_without_its_secrets() -> None:
    firing = alert(alertname="Down", job="api", annotations={"summary": "The api is down"})
    with Rehearsal(config(EVERY_KIND), START) as rehearsal:
        rehearsal.put([firing], START)
        rehearsal.advance_to(START + 30_000)
        found: dict[str, Delivery] = {each.integration: each for each in rehearsal.deliveries}
    assert [each.error for each in found.values()] == [""] * 10
    assert all(each.tells_of(firing.labels) and each.at_ms == START + 30_000 for each in found.values())
    titles = {name: each.messages[0].title for name, each in found.items()}
    assert titles["webhook[0]"] == "The api is down"
    assert all("Down" in title or "down" in title for title in titles.values()), titles
    assert [len(each.messages) for name, each in found.items() if name == "opsgenie[0]"] == [3]


def test_grouping_repeats_and_ends_come_when_the_server_would_send_them() -> None:
    file = config(
        """
        route: {receiver: hook, group_by: [alertname], group_wait: 30s, group_interval: 5m, repeat_interval: 1h}
        receivers: [{name: hook, webhook_configs: [{url: 'http://hook.invalid'}]}]
        """
    )
    with Rehearsal(file, START) as rehearsal:
        day = START + 24 * 60 * MINUTE
        rehearsal.put([alert(alertname="Down", job="a", ends=day)], START)
        rehearsal.put([alert(alertname="Down", job="b", ends=day)], START + 2 * MINUTE)
        rehearsal.put([alert(alertname="Down", job="a", ends=START + 9 * MINUTE)], START + 9 * MINUTE)
        rehearsal.advance_to(START + 80 * MINUTE)
        reasons = [each.reason for each in rehearsal.deliveries]
    # The first after group_wait, the second with the group, an end at the next flush, and then a repetition.
    assert told(rehearsal) == [
        (30, "webhook[0]", 1, 0),
        (330, "webhook[0]", 2, 0),
        (630, "webhook[0]", 1, 1),
        (4530, "webhook[0]", 1, 0),
    ]
    assert reasons == [
        "first notification",
        "new alerts added",
        "some alerts resolved",
        "repeat interval elapsed",
    ]


def test_what_is_held_back_is_told_with_its_reason() -> None:
    file = config(
        """
        route:
          receiver: hook
          group_by: [alertname]
          group_wait: 0s
          routes: [{matchers: ['alertname="Nightly"'], receiver: hook, mute_time_intervals: [always]}]
        inhibit_rules: [{source_matchers: ['alertname="Down"'], target_matchers: ['alertname="Slow"'], equal: [job]}]
        time_intervals: [{name: always, time_intervals: [{times: [{start_time: '00:00', end_time: '24:00'}]}]}]
        receivers: [{name: hook, webhook_configs: [{url: 'http://hook.invalid'}]}]
        """
    )
    with Rehearsal(file, START) as rehearsal:
        rehearsal.put([alert(alertname=name, job="a") for name in ("Down", "Slow", "Nightly")], START)
        rehearsal.advance_to(START + MINUTE)
        held = {each.labels["alertname"]: each for each in rehearsal.held_back()}
        said = [each.firing[0].name for each in rehearsal.deliveries]
    assert said == ["Down"]
    assert (held["Slow"].what, held["Nightly"].what) == (What.INHIBITED, What.TIME_INTERVAL)
    assert 'alertname="Down"' in held["Slow"].why and held["Nightly"].why == "always"


@pytest.mark.parametrize("text", ["{{ .GroupLabels.none.of.this }}", "{{ template `no.such` . }}"])
def test_a_message_that_cannot_be_rendered_is_a_delivery_that_failed(text: str) -> None:
    file = config(
        f"""
        route: {{receiver: chat, group_wait: 0s}}
        receivers: [{{name: chat, slack_configs: [{{api_url: 'http://chat.invalid', title: '{text}'}}]}}]
        """
    )
    with Rehearsal(file, START) as rehearsal:
        rehearsal.put([alert(alertname="Down")], START)
        rehearsal.advance_to(START + MINUTE)
    (failed,) = rehearsal.deliveries
    assert not failed.arrived and failed.messages == ()


def test_the_packs_own_receivers_are_rehearsed_as_they_are() -> None:
    file = read_config(pack.FILES / "alertmanager" / "alertmanager.yml")
    critical = alert(alertname="NoActiveAgents", severity="critical", annotations={"summary": "No agent is active"})
    with Rehearsal(file, START) as rehearsal:
        rehearsal.put([critical], START)
        rehearsal.advance_to(START + MINUTE)
    assert {each.integration for each in rehearsal.deliveries} == {
        "webhook[0]",
        "slack[0]",
        "email[0]",
        "pagerduty[0]",
    }
    assert all("NoActiveAgents" in each.messages[0].title or each.messages[0].title for each in rehearsal.deliveries)
