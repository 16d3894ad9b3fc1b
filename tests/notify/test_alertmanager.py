"""The same file and the same alerts in the real Alertmanager and here: what services are sent is the same, field by
field. Texts come from the configuration, since the default words are our own."""

import asyncio
import json
import re
import shutil
import socket
import subprocess
import threading
import urllib.request
from pathlib import Path
from typing import Any

import orjson
import pytest

from alerting.fakes import START
from hivesight.alerting import read_config
from hivesight.alerting.group import Flush, Notice, Status
from hivesight.alerting.nflog import Reason
from hivesight.alerting.route import build_route
from hivesight.model.alert import Alert
from hivesight.model.labels import Labels
from hivesight.notify.notification import Notification
from hivesight.notify.registry import KINDS, Surroundings
from hivesight.notify.rendering import load_templates
from notify.helpers import EXTERNAL, Receiver, Reply, Request, receiver

PROGRAM = shutil.which("prometheus-alertmanager")
ANSWER = Reply(
    200, b'{"ok":true,"result":{"message_id":1,"chat":{"id":1},"date":1}}', {"Content-Type": "application/json"}
)
HEAD = """
route: {receiver: a, group_by: [alertname], group_wait: 500ms, group_interval: 500ms, repeat_interval: 1h}
templates: [own.tmpl]
receivers:
  - name: a
"""
TEMPLATES = """
{{ define "text" }}{{ .Status }}: {{ .CommonAnnotations.summary }}
{{ len .Alerts.Firing }}/{{ len .Alerts.Resolved }}{{ end }}
"""
# Kinds of old: they mean the same since Alertmanager 0.25.
SECTIONS = """
    pagerduty_configs:
      - {routing_key: k, url: 'URL/pagerduty', client: c, client_url: 'http://c', description: '{{ .Status }}',
         severity: critical, source: s, class: k, component: '{{ .CommonLabels.job }}', group: g,
         images: [{src: 'http://i', alt: a, href: 'http://h'}, {alt: none}], links: [{href: 'http://l', text: t}],
         details: {firing: '{{ len .Alerts.Firing }} firing', resolved: none, num_firing: one, num_resolved: two}}
    opsgenie_configs:
      - {api_key: k, api_url: 'URL/opsgenie/', message: '{{ template "text" . }}', description: d, source: s,
         details: {job: mine, own: '{{ .Status }}'}, tags: 'a,b', note: n, priority: P2, entity: e, actions: 'x,y',
         update_alerts: true,
         responders: [{type: team, id: x}, {type: user, username: u}, {type: teams, name: 'one,two'}]}
    discord_configs:
      - {webhook_url: 'URL/discord', title: '{{ template "text" . }}', message: 'm {{ .CommonLabels.job }}'}
    telegram_configs:
      - {bot_token: '1:t', chat_id: -12, api_url: 'URL/telegram-html', message: '<b>{{ template "text" . }}</b>'}
      - {bot_token: '1:t', chat_id: 12, api_url: 'URL/telegram', message: '*{{ .Status }}*', parse_mode: MarkdownV2,
         disable_notifications: true}
    slack_configs:
      - {api_url: 'URL/slack', channel: '#c', send_resolved: true, title: '{{ template "text" . }}', text: t,
         username: u, color: good, title_link: 'http://l', pretext: p, fallback: f, callback_id: i, icon_emoji: ':bee:',
         footer: f, fields: [{title: a, value: '{{ .Status }}', short: true}], link_names: true, mrkdwn_in: [text],
         actions: [{type: button, text: Go, url: 'http://x'}]}
"""
NEWER = """
    pagerduty_configs:
      - {routing_key: k, url: 'URL/pagerduty', client: c, client_url: '', description: '{{ template "text" . }}',
         details: {own: {list: ['{{ .Status }}', '1']}, json: '{"a": [1, true]}'}}
    msteams_configs:
      - {webhook_url: 'URL/msteams', title: '{{ template "text" . }}', summary: s, text: t}
    msteamsv2_configs:
      - {webhook_url: 'URL/msteamsv2', title: '{{ template "text" . }}', text: t}
    discord_configs:
      - {webhook_url: 'URL/discord', title: t, message: m, content: '{{ .Status }}', username: 'u', avatar_url: 'http://a'}
    telegram_configs:
      - {bot_token: '1:t', chat_id: 12, api_url: 'URL/telegram', message: '{{ template "text" . }}', parse_mode: '',
         message_thread_id: 3}
    slack_configs:
      - {app_token: k, app_url: 'URL/slack-app', channel: '#c', send_resolved: true, title: t, text: x, username: u,
         title_link: 'http://l', fallback: f, color: good, message_text: '{{ .Status }}', short_fields: true,
         fields: [{title: a, value: b}]}
    webhook_configs:
      - {url: 'URL/webhook'}
      - {url: 'URL/own', payload: {why: '{{ .NotificationReason }}', count: '{{ len .Alerts }}'}}
"""
# One alert: as it is older than group_wait, Alertmanager tells of it at once, and of a second one later or not.
LABELS = {"alertname": "Down", "job": "hive", "severity": "critical"}
ANNOTATIONS = {"summary": "a <b> & c é 😀", "runbook_url": "http://runbook"}
ENDS = START + 5000


def version() -> tuple[int, ...]:
    if PROGRAM is None:
        return (0,)
    said = subprocess.run([PROGRAM, "--version"], capture_output=True, check=False, timeout=30, text=True).stdout
    found = re.search(r"version (\d+)\.(\d+)", said)
    return (0,) if found is None else (int(found[1]), int(found[2]))


def posted(port: int, *, over: bool) -> None:
    document = {"labels": LABELS, "annotations": ANNOTATIONS, "startsAt": "2025-10-09T08:53:20Z"}
    document |= {"generatorURL": "http://hive/graph"} | ({"endsAt": "2025-10-09T08:53:25Z"} if over else {})
    headers = {"Content-Type": "application/json"}
    url = f"http://127.0.0.1:{port}/api/v2/alerts"
    urllib.request.urlopen(urllib.request.Request(url, json.dumps([document]).encode(), headers), timeout=10).close()


def arrived(there: Receiver, count: int) -> None:
    pause = threading.Event()
    for _ in range(600):
        if len(there.requests) >= count:
            return
        pause.wait(0.05)
    raise AssertionError(f"{len(there.requests)} of {count} requests arrived")


def theirs(there: Receiver, directory: Path, first: int, second: int) -> list[Request]:
    """What the real one sends when the alerts fire, and when they are over."""
    assert PROGRAM is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [PROGRAM, f"--config.file={directory}/am.yml", f"--storage.path={directory}/data"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=", f"--web.external-url={EXTERNAL}"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=10).close()
                break
            except OSError:
                threading.Event().wait(0.05)
        posted(port, over=False)
        arrived(there, first)
        posted(port, over=True)
        arrived(there, first + second)
    finally:
        process.terminate()
        process.wait(30)
    return list(there.requests)


def ours(there: Receiver, directory: Path, *statuses: Status) -> list[Request]:
    """What we send for the same."""
    file = read_config(directory / "am.yml")
    assert file.config is not None and file.config.route is not None, file.diagnostics
    around = Surroundings(file.config.global_, load_templates(file.config.templates, directory), directory)
    (team,) = file.config.receivers
    route = build_route(file.config.route)

    async def go() -> None:
        for status in statuses:
            alert = Alert(Labels(LABELS), START, ENDS, Labels(ANNOTATIONS), "http://hive/graph", START)
            told = (Notice(alert, status),)
            reason = Reason.FIRST if status is Status.FIRING else Reason.ALL_RESOLVED
            group = Labels({"alertname": "Down"})
            flush = Flush('{}:{alertname="Down"}', group, route, told, START, START + 60_000, 1)
            for kind in KINDS:
                for section in kind.sections(team):
                    notifier = kind.make(section, around)
                    await notifier.notify(Notification(flush, told, reason, EXTERNAL))
                    await notifier.close()

    there.requests.clear()
    asyncio.run(go())
    return list(there.requests)


def documents(requests: list[Request]) -> dict[str, list[tuple[str, str | None, Any]]]:
    """By path: how, as whom and what, in the order of arrival."""
    found: dict[str, list[tuple[str, str | None, Any]]] = {}
    for each in requests:
        document = (each.method, each.headers.get("authorization"), orjson.loads(each.body))
        found.setdefault(each.path, []).append(document)
    return found


@pytest.mark.skipif(PROGRAM is None, reason="needs the Debian package prometheus-alertmanager")
@pytest.mark.parametrize(("sections", "since"), [(SECTIONS, (0, 25)), (NEWER, (0, 33))])
def test_services_are_sent_what_alertmanager_sends(sections: str, since: tuple[int, ...], tmp_path: Path) -> None:
    if version() < since:
        pytest.skip("needs the Debian package prometheus-alertmanager of 0.33 or later")
    with receiver(ANSWER) as there:
        (tmp_path / "am.yml").write_text(HEAD + sections.replace("URL", there.url), encoding="utf-8")
        (tmp_path / "own.tmpl").write_text(TEMPLATES, encoding="utf-8")
        firing = len(ours(there, tmp_path, Status.FIRING))
        own = ours(there, tmp_path, Status.FIRING, Status.RESOLVED)
        there.requests.clear()
        real = theirs(there, tmp_path, firing, len(own) - firing)
    wanted, found = documents(real), documents(own)
    assert sorted(found) == sorted(wanted)
    for path, expected in wanted.items():
        assert found[path] == expected, path
