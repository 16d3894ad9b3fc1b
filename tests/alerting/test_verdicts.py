"""Alertmanager files of every kind of fault: what is taken and what is refused, beside the verdict of amtool.
HIVESIGHT_TEST_AMTOOL names another program than the one on the PATH."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from hivesight.alerting import read_config

AMTOOL: Final = os.environ.get("HIVESIGHT_TEST_AMTOOL") or shutil.which("amtool")
NEWER: Final = (0, 28)
"""The version from which amtool knows all of it; the one of Debian bookworm is 0.25."""
ROUTE: Final = "route: {receiver: a}\n"
NAMES: Final = "receivers: [{name: a}, {name: b}]\n"


def root(keys: str) -> str:
    return f"route: {{receiver: a, {keys}}}\n{NAMES}time_intervals: [{{name: t}}]\n"


def child(keys: str) -> str:
    return root(f"routes: [{{receiver: b, {keys}}}]")


def shared(keys: str) -> str:
    return f"global: {{{keys}}}\n{ROUTE}{NAMES}"


def integration(kind: str, keys: str) -> str:
    return f"{ROUTE}receivers: [{{name: a, {kind}_configs: [{{{keys}}}]}}]\n"


def interval(keys: str) -> str:
    return f"{ROUTE}{NAMES}time_intervals: [{{name: t, time_intervals: [{{{keys}}}]}}]\n"


def inhibition(keys: str) -> str:
    return f"{ROUTE}{NAMES}inhibit_rules: [{{{keys}}}]\n"


MAIL: Final = "to: a@b, from: c@d, smarthost: 'x:25'"
TAKEN = [
    ROUTE + NAMES,
    "---\n" + ROUTE + NAMES,
    (ROUTE + NAMES).replace("\n", "\r\n"),
    "route: {receiver: &n a}\nreceivers: [{name: *n}]\n",
    root("matchers: [], match: {}, continue: false, mute_time_intervals: []"),
    root("group_by: ['...']"),
    root("group_by: []"),
    root("group_wait: 0s, group_interval: 500ms, repeat_interval: 1d"),
    root("group_interval: 5m, repeat_interval: 1m"),
    child("matchers: [a=b, 'c!=\"d\"', 'e=~\"f|g\"', h!~i]"),
    child("matchers: ['{a=\"b\", c=d}', 'e=f,']"),
    child("matchers: ['a=', 'b=\"\"', a=c, a=d]"),
    child("match: {a: b}, match_re: {c: 'd.*'}, matchers: [e=f]"),
    child("match: {a: 1}, continue: yes"),
    child("mute_time_intervals: [t], active_time_intervals: [t]"),
    interval("times: [{start_time: '09:00', end_time: '24:00'}], weekdays: ['Monday:friday', sunday]"),
    interval("days_of_month: ['1:5', '-3:-1', '1:-1', 31], months: ['1:march', december], years: ['2020:2022', 2030]"),
    interval("location: Europe/Berlin"),
    interval("location: ''"),
    inhibition("source_match: {a: b}, target_match_re: {c: d}, equal: [x, x]"),
    inhibition(""),
    ROUTE + NAMES + "templates: ['nowhere/*.tmpl']\n",
    shared("resolve_timeout: 0s, smtp_smarthost: '', slack_api_url: 'http://x/'"),
    integration("webhook", "url: 'http://x/', max_alerts: 5, send_resolved: no"),
    integration("webhook", "url: 'http://u:p@x/', http_config: {tls_config: {ca_file: x}, follow_redirects: false}"),
    integration(
        "slack", "api_url: 'http://x/', actions: [{type: button, text: t, name: n}], fields: [{title: t, value: v}]"
    ),
    integration("email", MAIL),
    integration("email", f"{MAIL}, headers: {{Subject: s}}, require_tls: false"),
    integration("opsgenie", "api_key: x, responders: [{type: team, name: n}, {type: '{{ .x }}', id: i}]"),
    integration("telegram", "bot_token: x, chat_id: -12, parse_mode: HTML"),
]
TAKEN_BY_NEWER = [
    root("group_by: ['foo.bar', \u00e4]"),
    child("matchers: ['\"a b\"=c', '\u2603=\"\u2603\"', 'foo.bar=x']"),
    inhibition("name: n, source_matchers: [a=b], target_matchers: [c=d], equal: ['a-b', \u00e4]"),
    integration("webhook", "url: 'http://x/', timeout: 5s, http_config: {http_headers: {X-A: {values: [b]}}}"),
    integration("discord", "webhook_url_file: x, content: c"),
    integration("msteamsv2", "webhook_url: 'http://x/', title: t"),
    integration("email", f"{MAIL}, auth_password_file: f"),
]
REFUSED = [
    "",
    "- a\n",
    NAMES,
    ROUTE,
    ROUTE + ROUTE + NAMES,
    ROUTE + NAMES + "x: y\n",
    "route:\n\treceiver: a\n" + NAMES,
    "route: {}\n" + NAMES,
    "route: {receiver: x}\n" + NAMES,
    ROUTE + "receivers: [{name: a}, {name: a}]\n",
    ROUTE + "receivers: [{name: a}, {}]\n",
    ROUTE + "receivers: [{name: a, x: []}]\n",
    root("x: y"),
    root("matchers: [a=b]"),
    root("match: {a: b}"),
    root("match_re: {a: b}"),
    root("continue: true"),
    root("mute_time_intervals: [t]"),
    root("active_time_intervals: [t]"),
    root("group_by: [x, x]"),
    root("group_by: ['...', x]"),
    root("group_by: ['']"),
    root("group_wait: 5"),
    root("group_wait: -5m"),
    root("group_wait: 1m1h"),
    root("group_wait: 1.5h"),
    root("group_interval: 0s"),
    root("repeat_interval: 0s"),
    root("routes: {}"),
    root("routes: [{receiver: x}]"),
    child("x: y"),
    child("continue: perhaps"),
    child("group_interval: 0s"),
    child("matchers: [a]"),
    child("matchers: ['=b']"),
    child("matchers: ['a=~\"(\"']"),
    child("matchers: [',a=b']"),
    child("matchers: ['a=\"b\\\"']"),
    child("matchers: {a: b}"),
    child("match: {a-b: c}"),
    child("match: {\u00e4: c}"),
    child("match: {'': c}"),
    child("match_re: {a: '('}"),
    child("match_re: {a: }"),
    child("mute_time_intervals: [x]"),
    child("active_time_intervals: [x]"),
    root("routes: []").replace("[{name: t}]", "[{name: t}, {name: t}]"),
    root("routes: []") + "mute_time_intervals: [{name: t}]\n",
    interval("x: y"),
    interval("times: [{start_time: '17:00', end_time: '09:00'}]"),
    interval("times: [{start_time: '9:00', end_time: '17:00'}]"),
    interval("times: [{start_time: '09:00'}]"),
    interval("weekdays: ['friday:monday']"),
    interval("weekdays: [mon]"),
    interval("weekdays: ['monday:']"),
    interval("days_of_month: [0]"),
    interval("days_of_month: [32]"),
    interval("days_of_month: ['5:1']"),
    interval("days_of_month: ['-1:1']"),
    interval("days_of_month: ['28:-1']"),
    interval("days_of_month: ['1:']"),
    interval("months: ['august:may']"),
    interval("years: ['2022:2020']"),
    interval("years: ['2020 : 2022']"),
    interval("location: Nowhere/X"),
    inhibition("x: y"),
    inhibition("source_match_re: {a: '('}"),
    inhibition("target_match: {a-b: c}"),
    inhibition("target_matchers: ['a=~(']"),
    inhibition("equal: ['']"),
    shared("x: y"),
    shared("resolve_timeout: 5"),
    shared("smtp_smarthost: x"),
    shared("pagerduty_url: x"),
    shared("slack_api_url: 'http://x/', slack_api_url_file: /x"),
    integration("webhook", ""),
    integration("webhook", "url: x"),
    integration("webhook", "url: 'ftp://x/'"),
    integration("webhook", "url: 'http://x y/'"),
    integration("webhook", "url: 'http://x/', max_alerts: -1"),
    integration("webhook", "url: 'http://x/', http_config: {bearer_token: x, bearer_token_file: y}"),
    integration("webhook", "url: 'http://x/', http_config: {tls_config: {min_version: TLS9}}"),
    integration("slack", "channel: c"),
    integration("slack", "api_url: 'http://x/', api_url_file: /x"),
    integration("slack", "api_url: 'http://x/', actions: [{type: button}]"),
    integration("slack", "api_url: 'http://x/', fields: [{title: t}]"),
    integration("email", "from: c@d, smarthost: 'x:25'"),
    integration("email", "to: a@b, smarthost: 'x:25'"),
    integration("email", "to: a@b, from: c@d"),
    integration("email", f"{MAIL}, headers: {{Subject: s, subject: t}}"),
    integration("pagerduty", ""),
    integration("opsgenie", ""),
    integration("opsgenie", "api_key: x, responders: [{type: team}]"),
    integration("telegram", "bot_token: x, chat_id: 1, parse_mode: X"),
    integration("telegram", "chat_id: 1"),
]
REFUSED_BY_NEWER = [
    integration("webhook", "url: 'http://x/', url_file: /y"),
    integration("webhook", "url: 'http://x/', http_config: {http_headers: {Authorization: {values: [b]}}}"),
    integration("slack", "app_token: t, app_token_file: f"),
    integration("msteamsv2", ""),
    shared("victorops_api_key: x, victorops_api_key_file: y"),
    shared("rocketchat_api_url: x"),
    inhibition("name: n, name: m"),
]


def amtool(text: str, path: Path) -> bool:
    """Whether amtool takes the file."""
    assert AMTOOL is not None
    path.write_text(text, encoding="utf-8", newline="")
    return subprocess.run([AMTOOL, "check-config", path], capture_output=True, check=False, timeout=30).returncode == 0


def version() -> tuple[int, int]:
    assert AMTOOL is not None
    told = subprocess.run([AMTOOL, "--version"], capture_output=True, text=True, check=True, timeout=30)
    found = re.search(r"version (\d+)\.(\d+)", told.stdout + told.stderr)
    assert found is not None
    return int(found[1]), int(found[2])


@pytest.mark.parametrize("text", TAKEN + TAKEN_BY_NEWER)
def test_these_are_taken(text: str) -> None:
    file = read_config(Path("am.yml"), text)
    assert file.ok, file.diagnostics


@pytest.mark.parametrize("text", REFUSED + REFUSED_BY_NEWER)
def test_these_are_refused_with_a_place_and_a_reason(text: str) -> None:
    file = read_config(Path("am.yml"), text)
    assert not file.ok
    assert all(each.line > 0 and each.col > 0 and each.message for each in file.diagnostics)


@pytest.mark.skipif(AMTOOL is None, reason="needs the Debian package prometheus-alertmanager")
def test_amtool_says_the_same(tmp_path: Path) -> None:
    newer = version() >= NEWER
    path = tmp_path / "am.yml"
    taken = TAKEN + TAKEN_BY_NEWER if newer else TAKEN
    refused = REFUSED + REFUSED_BY_NEWER if newer else REFUSED
    assert [text for text in taken if not amtool(text, path)] == []
    assert [text for text in refused if amtool(text, path)] == []
