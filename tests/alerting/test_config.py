"""Alertmanager files, good and bad: what is refused, where, and with which words."""

import shutil
import subprocess
from pathlib import Path

import pytest

from hivesight.alerting import read_config
from hivesight.model.diagnostics import Severity

ROUTE = "route: {receiver: a}\n"
NULL = "receivers: [{name: a}]\n"

GOOD = {
    "smallest": ROUTE + NULL,
    "everything": """
global:
  resolve_timeout: 10m
  smtp_smarthost: localhost:25
  smtp_from: hive@example.org
  smtp_require_tls: false
  slack_api_url: https://hooks.slack.com/services/x
  http_config: {basic_auth: {username: u, password: p}}
route:
  receiver: team
  group_by: [alertname, job]
  group_wait: 10s
  group_interval: 1m
  repeat_interval: 3h
  routes:
    - receiver: pager
      matchers: ['severity="critical"', team=~"a|b"]
      continue: true
      group_by: ['...']
    - match: {severity: warning}
      match_re: {job: "node.*"}
      mute_time_intervals: [nights]
      active_time_intervals: [days]
      routes: [{matchers: [a!=b]}]
inhibit_rules:
  - source_matchers: [severity="critical"]
    target_matchers: [severity="warning"]
    equal: [condition]
  - source_match: {severity: critical}
    target_match_re: {severity: "warning|info"}
time_intervals:
  - name: days
    time_intervals: [{weekdays: ['monday:friday'], times: [{start_time: 09:00, end_time: 17:00}]}]
mute_time_intervals:
  - name: nights
    time_intervals: [{times: [{start_time: '22:00', end_time: '24:00'}], location: Europe/Berlin}]
receivers:
  - name: team
    slack_configs:
      - channel: '#ops'
        send_resolved: true
        title: '{{ .Status }}'
        fields: [{title: a, value: b, short: true}]
        actions: [{type: button, text: Runbook, url: 'https://x/'}]
  - name: pager
    webhook_configs:
      - url: http://127.0.0.1:1/hook
        max_alerts: 5
        http_config: {authorization: {credentials: t}, tls_config: {insecure_skip_verify: true}}
      - url: https://example.org/
        send_resolved: false
    email_configs:
      - to: ops@example.org
        headers: {Subject: 'x {{ .Status }}'}
        html: '<b>x</b>'
        text: x
        require_tls: true
        tls_config: {server_name: mail}
templates: ['*.tmpl']
""",
    "newer keys": ROUTE
    + """
receivers:
  - name: a
    email_configs:
      - {to: a@x, from: b@x, smarthost: 'm:25', force_implicit_tls: true}
      - {to: a@x, from: b@x, smarthost: 'm:25', threading: {enabled: true, thread_by_date: daily}}
    slack_configs:
      - {app_token: t, channel: c, message_text: m, timeout: 5s}
    webhook_configs:
      - {url_file: /run/secrets/url}
      - {url: 'https://x/{{ .GroupLabels.job }}', timeout: 2s, payload: {a: '{{ .Status }}'}}
""",
    "services": """
global:
  pagerduty_url: http://x/v2/enqueue
  opsgenie_api_url: http://x/
  opsgenie_api_key_file: /run/secrets/opsgenie
  telegram_api_url: http://x
"""
    + ROUTE
    + """
receivers:
  - name: a
    pagerduty_configs:
      - {routing_key: k, severity: critical, details: {a: b}, class: c, component: d, group: e, source: f,
         client: g, client_url: h, description: i, images: [{src: s, alt: a, href: h}], links: [{href: h, text: t}]}
      - {routing_key_file: /run/secrets/pagerduty, send_resolved: false, http_config: {follow_redirects: false}}
    opsgenie_configs:
      - {responders: [{type: team, name: a}, {type: '{{ .CommonLabels.kind }}', id: x}], tags: 'a,b', note: n,
         priority: P1, update_alerts: true, entity: e, actions: a, details: {a: b}, message: m, source: s}
    telegram_configs:
      - {bot_token: 'a:b', chat_id: -100123, parse_mode: MarkdownV2, message: m, disable_notifications: true,
         api_url: 'http://x'}
    discord_configs:
      - {webhook_url: 'http://x', title: t, message: m}
""",
    "services, newer keys": ROUTE
    + """
receivers:
  - name: a
    pagerduty_configs: [{routing_key: k, timeout: 3s}]
    msteams_configs: [{webhook_url: 'http://x', title: t, summary: s, text: x}, {webhook_url_file: f}]
    msteamsv2_configs: [{webhook_url: 'http://x', title: t, text: x}, {webhook_url_file: f}]
    discord_configs: [{webhook_url_file: f, content: c, username: u, avatar_url: 'http://x'}]
    telegram_configs: [{bot_token_file: f, chat_id_file: g, message_thread_id: 5, parse_mode: ''}]
""",
}
OLD_ENOUGH = ("smallest", "everything", "services")
"""Those that Debian's Alertmanager, which is older, can read too."""


@pytest.mark.parametrize("name", GOOD)
def test_good_files(name: str) -> None:
    file = read_config(Path("am.yml"), GOOD[name])
    assert [each for each in file.diagnostics if each.severity is Severity.ERROR] == []
    assert file.ok and file.config is not None


HOOK = ROUTE + "receivers:\n- name: a\n  webhook_configs:\n  - url: http://x\n"

BAD = [
    # text, line, column, message
    ("receivers: [{name: a}]\n", 1, 1, "no route"),
    ("route: {receiver: b}\n" + NULL, 1, 19, "undefined receiver 'b' (defined here: a)"),
    (ROUTE + "receivers:\n- name: a\n- name: a\n", 4, 9, "'a' stands here twice"),
    (ROUTE + "receivers: [{}]\n", 2, 13, "'name' is missing"),
    ("route: {group_by: [a]}\n" + NULL, 1, 1, "the root route must name a receiver"),
    ("route: {receiver: a, matchers: [a=b]}\n" + NULL, 1, 32, "the root route must not have matchers"),
    ("route: {receiver: a, match: {a: b}}\n" + NULL, 1, 29, "the root route must not have matchers"),
    ("route: {receiver: a, mute_time_intervals: [x]}\n" + NULL, 1, 43, "must not have mute_time_intervals"),
    ("route: {receiver: a, continue: true}\n" + NULL, 1, 32, "cannot have continue"),
    ("route:\n  receiver: a\n  group_by: [x, x]\n" + NULL, 3, 17, "stands in group_by twice"),
    ("route:\n  receiver: a\n  group_by: [x, '...']\n" + NULL, 3, 17, "no other label can stand by it"),
    ("route: {receiver: a, group_interval: 0s}\n" + NULL, 1, 38, "longer than zero"),
    ("route: {receiver: a, repeat_interval: 0s}\n" + NULL, 1, 39, "longer than zero"),
    ("route: {receiver: a, routes: [{receiver: b}]}\n" + NULL, 1, 42, "undefined receiver 'b'"),
    ("route: {receiver: a, routes: [{matchers: [a]}]}\n" + NULL, 1, 43, "bad matcher 'a'"),
    ("route: {receiver: a, routes: [{mute_time_intervals: [x]}]}\n" + NULL, 1, 54, "undefined time interval 'x'"),
    ("route: {receiver: a, grup_by: [x]}\n" + NULL, 1, 22, "did you mean 'group_by'?"),
    (ROUTE + "receivers:\n- name: a\n  webhook_configs:\n  - send_resolved: true\n", 5, 5, "one of url or url_file"),
    (
        ROUTE + "receivers:\n- name: a\n  webhook_configs:\n  - url: x\n    url_file: y\n",
        5,
        10,
        "unsupported scheme ''",
    ),
    (ROUTE + "receivers:\n- name: a\n  webhook_configs:\n  - url: http://x\n    url_file: y\n", 6, 5, "at most one of"),
    (ROUTE + "receivers:\n- name: a\n  webhook_configs:\n  - url: http:///x\n", 5, 10, "missing host"),
    (
        ROUTE + "receivers:\n- name: a\n  slack_configs:\n  - api_url: 'YOUR_SLACK_WEBHOOK_URL'\n",
        5,
        14,
        "unsupported scheme ''",
    ),
    (
        HOOK + "    http_config: {basic_auth: {username: u}, bearer_token: x}\n",
        6,
        18,
        "at most one of basic_auth, oauth2, authorization & bearer_token must",
    ),
    (HOOK + "    http_config: {tls_config: {min_version: TLS9}}\n", 6, 45, "unknown TLS version 'TLS9'"),
    ("global: {http_config: {authorization: {type: basic}}}\n" + ROUTE + NULL, 1, 39, 'use "basic_auth" instead'),
    (ROUTE + "receivers:\n- name: a\n  slack_configs:\n  - channel: x\n", 5, 5, "no Slack address"),
    (
        ROUTE + "receivers:\n- name: a\n  slack_configs:\n  - api_url: http://x\n    update_message: true\n",
        6,
        21,
        "needs a bot token",
    ),
    ("global: {slack_api_url: http://x, slack_app_token: y}\n" + ROUTE + NULL, 1, 35, "is it a webhook or an app?"),
    (
        ROUTE + "receivers:\n- name: a\n  slack_configs:\n  - app_token: x\n"
        "    http_config: {authorization: {credentials: y}}\n",
        6,
        19,
        "authorization cannot stand by an app token",
    ),
    (ROUTE + "receivers:\n- name: a\n  email_configs:\n  - to: a@x\n    from: b@x\n", 5, 5, "no SMTP server"),
    (ROUTE + "receivers:\n- name: a\n  email_configs:\n  - to: a@x\n    smarthost: m:25\n", 5, 5, "no sender"),
    (ROUTE + "receivers:\n- name: a\n  email_configs:\n  - from: b@x\n    smarthost: m:25\n", 5, 5, "address to go to"),
    (ROUTE + "receivers:\n- name: a\n  email_configs:\n  - to: a@x\n    smarthost: m\n", 6, 16, "write host:port"),
    (
        ROUTE + "receivers:\n- name: a\n  email_configs:\n  - to: a@x\n    subject: x\n",
        6,
        5,
        "write headers: {Subject: '...'}",
    ),
    (ROUTE + "receivers:\n- name: a\n  email_configs:\n  - to: a@x\n    body: x\n", 6, 5, "an e-mail's body is html:"),
    (
        ROUTE + "receivers:\n- name: a\n  pushover_configs:\n  - token: x\n",
        4,
        3,
        "receivers of the kind pushover_configs are not supported; supported are webhook_configs, slack_configs, "
        "email_configs, pagerduty_configs, opsgenie_configs, msteams_configs, msteamsv2_configs, discord_configs, "
        "telegram_configs",
    ),
    (ROUTE + NULL + "inhibit_rules:\n- source_matchers: ['a=~(']\n", 4, 21, "bad matcher"),
    (ROUTE + NULL + "time_intervals:\n- name: n\n- name: n\n", 5, 9, "stands here twice"),
    (
        ROUTE + NULL + "time_intervals:\n- name: n\n  time_intervals:\n  - times: [{start_time: 9:99, end_time: 0}]\n",
        6,
        26,
        "not a time of day: '9:99'",
    ),
    (
        ROUTE
        + NULL
        + "time_intervals:\n- name: n\n  time_intervals:\n"
        + "  - times: [{start_time: 10:00, end_time: 09:00}]\n",
        6,
        43,
        "start_time must be before end_time",
    ),
    ("global: {smtp_auth_password: x, smtp_auth_password_file: y}\n" + ROUTE + NULL, 1, 33, "at most one of"),
    ("route: [\n", 2, 1, "did not find expected node content"),
]


SERVICES = [
    # the section's kind, its text, line, column, message
    ("pagerduty", "{url: http://x}", 5, 5, "one of routing_key or routing_key_file must be given"),
    ("pagerduty", "{routing_key: a, routing_key_file: b}", 5, 22, "at most one of routing_key and routing_key_file"),
    ("pagerduty", "{service_key: a, service_key_file: b}", 5, 22, "at most one of service_key and service_key_file"),
    ("pagerduty", "{routing_key: a, url: ftp://x}", 5, 27, "unsupported scheme 'ftp'"),
    ("pagerduty", "{routing_key: a, dedup_key: x}", 5, 22, "unknown key 'dedup_key'"),
    ("opsgenie", "{message: x}", 5, 5, "no Opsgenie key: give api_key or api_key_file here"),
    ("opsgenie", "{api_key: a, api_key_file: b}", 5, 18, "at most one of api_key and api_key_file"),
    ("opsgenie", "{api_key: a, responders: [{type: team}]}", 5, 31, "needs one of id, name and username"),
    ("opsgenie", "{api_key: a, responders: [{id: x}]}", 5, 31, "needs a type: one of team, teams, user"),
    ("opsgenie", "{api_key: a, responders: [{id: x, type: tem}]}", 5, 45, "unknown type of a responder 'tem'"),
    ("msteams", "{title: x}", 5, 5, "one of webhook_url or webhook_url_file must be given"),
    ("msteams", "{webhook_url: http://x, webhook_url_file: b}", 5, 29, "at most one of webhook_url and"),
    ("msteamsv2", "{webhook_url: here}", 5, 19, "unsupported scheme ''"),
    ("msteamsv2", "{text: x}", 5, 5, "one of webhook_url or webhook_url_file must be given"),
    ("msteamsv2", "{webhook_url: http://x, summary: x}", 5, 29, "unknown key 'summary'"),
    ("discord", "{content: x}", 5, 5, "one of webhook_url or webhook_url_file must be given"),
    ("discord", "{webhook_url: http://x, webhook_url_file: b}", 5, 29, "at most one of webhook_url and"),
    ("telegram", "{chat_id: 1}", 5, 5, "no Telegram bot: give bot_token or bot_token_file here"),
    ("telegram", "{bot_token: a}", 5, 5, "no chat: give chat_id, a number such as -1001234567890"),
    ("telegram", "{bot_token: a, chat_id: x}", 5, 29, "integer"),
    ("telegram", "{bot_token: a, chat_id: 1, chat_id_file: x}", 5, 32, "at most one of chat_id and chat_id_file"),
    ("telegram", "{bot_token: a, bot_token_file: b, chat_id: 1}", 5, 20, "at most one of bot_token and bot_token_file"),
    ("telegram", "{bot_token: a, chat_id: 1, parse_mode: html}", 5, 44, "unknown parse_mode 'html': HTML, MarkdownV2"),
]
BAD += [
    (f"{ROUTE}receivers:\n- name: a\n  {kind}_configs:\n  - {text}\n", line, col, message)
    for kind, text, line, col, message in SERVICES
]


@pytest.mark.parametrize(("text", "line", "col", "message"), BAD)
def test_bad_files(text: str, line: int, col: int, message: str) -> None:
    file = read_config(Path("am.yml"), text)
    assert file.config is None and not file.ok
    errors = [each for each in file.diagnostics if each.severity is Severity.ERROR]
    assert message in errors[0].message
    assert (errors[0].line, errors[0].col) == (line, col)


MAIL = "receivers:\n- name: a\n  email_configs:\n  - {to: a@x, from: b@x, smarthost: 'm:25'"
REFERENCES = [
    ("global: {http_config: {basic_auth: {username: u, password_ref: x}}}\n" + ROUTE + NULL, 1, 50, "password_ref"),
    ("global: {smtp_tls_config: {ca_ref: x}}\n" + ROUTE + NULL, 1, 28, "ca_ref"),
    (HOOK + "    http_config: {authorization: {credentials_ref: x}}\n", 6, 35, "credentials_ref"),
    (
        HOOK.replace("webhook", "slack").replace("url", "api_url") + "    http_config: {tls_config: {ca_ref: x}}",
        6,
        32,
        "ca",
    ),
    (ROUTE + MAIL + ",\n    tls_config: {ca_ref: x}}\n", 6, 18, "ca_ref"),
]


@pytest.mark.parametrize(("text", "line", "col", "name"), REFERENCES)
def test_references_to_a_secret_manager_are_taken_with_a_warning(text: str, line: int, col: int, name: str) -> None:
    file = read_config(Path("am.yml"), text)
    (warning,) = file.diagnostics
    assert file.ok
    assert (warning.severity, warning.code) == (Severity.WARNING, "config/unsupported")
    assert (warning.line, warning.col) == (line, col)
    assert warning.message.startswith(name)


def test_the_notation_of_old_is_taken_with_a_warning() -> None:
    file = read_config(Path("am.yml"), GOOD["everything"])
    assert sorted(each.message for each in file.diagnostics) == [
        "match is deprecated; write matchers",
        "match_re is deprecated; write matchers",
        "source_match is deprecated; write source_matchers",
        "target_match_re is deprecated; write target_matchers",
    ]
    assert all(each.severity is Severity.WARNING for each in file.diagnostics)


def test_a_webhook_to_slack_is_told_of() -> None:
    hook = "receivers:\n- name: a\n  webhook_configs:\n  - url: https://hooks.slack.com/services/x\n"
    file = read_config(Path("am.yml"), ROUTE + hook)
    (fault,) = file.diagnostics
    assert file.ok and (fault.severity, fault.line) == (Severity.WARNING, 5) and "slack_configs" in fault.message


def test_secrets_are_not_shown() -> None:
    file = read_config(Path("am.yml"), GOOD["everything"])
    assert "hooks.slack.com" not in repr(file.config)
    faulty = read_config(Path("am.yml"), ROUTE + "receivers:\n- name: a\n  webhook_configs:\n  - url: tok3n\n")
    assert "tok3n" not in faulty.diagnostics[0].message


OURS_ALONE = ("receivers of the kind", "integration of the type")
"""What Alertmanager takes and we refuse."""


def amtool(path: Path) -> bool:
    return (
        subprocess.run(["amtool", "check-config", path], capture_output=True, check=False, timeout=30).returncode == 0
    )


@pytest.mark.skipif(shutil.which("amtool") is None, reason="needs the Debian package prometheus-alertmanager")
def test_amtool_is_of_one_mind_with_us(tmp_path: Path) -> None:
    """What we refuse amtool refuses and what we take it takes, but for what its version (0.25) does not know."""
    path = tmp_path / "am.yml"
    for name in OLD_ENOUGH:
        path.write_text(GOOD[name], encoding="utf-8")
        assert amtool(path), name
    for text, _, _, message in BAD:
        if not message.startswith(OURS_ALONE):
            path.write_text(text, encoding="utf-8")
            assert not amtool(path), text
