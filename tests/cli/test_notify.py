"""`hivesight notify test` against real receivers."""

import json
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from hivesight.cli.main import hivesight
from notify.helpers import Reply, receiver

FILE = """
global: {slack_api_url: 'URL/slack'}
route: {receiver: nobody, group_by: [alertname, team], routes: [{receiver: on-call, matchers: [severity=critical]}]}
templates: ['*.tmpl']
receivers:
- name: nobody
- name: on-call
  webhook_configs: [{url: 'URL/hook'}]
  slack_configs: [{channel: '#ops', text: '{{ template "mine" . }}'}]
- name: forgotten
  webhook_configs: [{url: 'URL/first'}, {url: 'URL/second'}]
- name: broken
  slack_configs: [{channel: '#ops', title: '{{ index .Alerts 9 }}'}]
"""


def run(folder: Path, url: str, *words: str, file: str = FILE) -> Result:
    path = folder / "alertmanager.yml"
    path.write_text(file.replace("URL", url), encoding="utf-8")
    (folder / "mine.tmpl").write_text('{{ define "mine" }}for {{ .GroupLabels.team }}{{ end }}', encoding="utf-8")
    command = ["notify", "test", *words, "--alertmanager-config", str(path)]
    return CliRunner().invoke(hivesight, command, catch_exceptions=False)


def test_every_integration_is_told_in_its_own_words(tmp_path: Path) -> None:
    with receiver() as there:
        result = run(tmp_path, there.url, "on-call", "--label", "team=hive", "--annotation", "runbook_url=http://r")
    assert result.exit_code == 0, result.output
    lines = sorted(" ".join(line.split()).split(", ")[0] for line in result.stdout.splitlines())
    assert lines == ["slack[0] firing ok 1 attempt", "webhook[0] firing ok 1 attempt"]
    sent = {each.path: orjson.loads(each.body) for each in there.requests}
    hook, (slack,) = sent["/hook"], sent["/slack"]["attachments"]
    (told,) = hook["alerts"]
    assert told["labels"] == {"alertname": "HivesightTest", "severity": "info", "team": "hive"}
    assert told["annotations"]["summary"] == "[TEST] Nothing is wrong: this is a test notification"
    assert "hivesight notify test on-call" in told["annotations"]["description"]
    assert told["annotations"]["runbook_url"] == "http://r"
    assert hook["groupKey"] == '{}/{severity="critical"}:{alertname="HivesightTest", team="hive"}'
    assert (slack["title"], slack["text"]) == ("[TEST] [FIRING:1] HivesightTest (info)", "for hive")


def test_with_resolved_the_end_follows_where_it_is_wanted(tmp_path: Path) -> None:
    with receiver() as there:
        result = run(tmp_path, there.url, "on-call", "--resolved")
    assert result.exit_code == 0
    assert [each.path for each in there.requests][2:] == ["/hook"]
    first, *_, last = (orjson.loads(each.body) for each in there.requests if each.path == "/hook")
    assert (first["status"], last["status"]) == ("firing", "resolved") and first["groupKey"] == last["groupKey"]
    assert "send_resolved is false" in next(
        each for each in result.stdout.splitlines() if each.split()[:2] == ["slack[0]", "resolved"]
    )


def test_what_fails_is_told_with_the_answer(tmp_path: Path) -> None:
    with receiver(Reply(404, b"no such hook"), Reply(503), Reply(200)) as there:
        result = run(tmp_path, there.url, "forgotten", "--output", "json")
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert answer["receiver"] == "forgotten" and answer["routed"] is False
    assert "no route leads to the receiver 'forgotten'" in result.stderr
    told = [(each["channel"], each["status"], each["ok"], each["attempts"]) for each in answer["results"]]
    assert sorted(told) == [("webhook", "firing", False, 1), ("webhook", "firing", True, 2)]
    assert [each["error"] for each in answer["results"] if not each["ok"]] == ["status 404: no such hook"]


def test_a_template_that_cannot_be_filled_in_is_found(tmp_path: Path) -> None:
    with receiver() as there:
        result = run(tmp_path, there.url, "broken")
    assert result.exit_code == 1 and "index out of range: 9" in result.stdout and not there.requests


def test_words_of_ones_own_are_marked_too(tmp_path: Path) -> None:
    with receiver() as there:
        run(tmp_path, there.url, "forgotten", "--annotation", "summary=Hello", "--label", "alertname=Mine")
    (told,) = orjson.loads(there.requests[0].body)["alerts"]
    assert told["annotations"]["summary"] == "[TEST] Hello" and told["labels"]["alertname"] == "Mine"


def test_the_file_may_be_named_by_the_settings(tmp_path: Path) -> None:
    with receiver() as there:
        (tmp_path / "am.yml").write_text(FILE.replace("URL", there.url), encoding="utf-8")
        (tmp_path / "mine.tmpl").write_text('{{ define "mine" }}{{ .ExternalURL }}{{ end }}', encoding="utf-8")
        settings = tmp_path / "hivesight.yml"
        settings.write_text("alertmanager_config: am.yml\nexternal_url: http://hive.example/\n", encoding="utf-8")
        words = ["notify", "test", "on-call", "--config", str(settings)]
        assert CliRunner().invoke(hivesight, words).exit_code == 0
    sent = {each.path: orjson.loads(each.body) for each in there.requests}
    assert sent["/slack"]["attachments"][0]["text"] == sent["/hook"]["externalURL"] == "http://hive.example"


def test_a_receiver_without_integrations_hears_nothing(tmp_path: Path) -> None:
    result = run(tmp_path, "http://127.0.0.1:1", "nobody")
    assert result.exit_code == 1 and "has no integrations" in result.stderr


WRONG = [
    (["oncall"], "did you mean 'on-call'? There are broken, forgotten, nobody, on-call."),
    (["xyzzy"], "no receiver 'xyzzy'"),
    (["on-call", "--label", "team"], "'team' is no NAME=VALUE"),
    (["on-call", "--timeout", "0s"], "above 0 and up to 1h"),
    (["on-call", "--timeout", "soon"], "--timeout"),
]


@pytest.mark.parametrize(("words", "said"), WRONG)
def test_wrong_usage(words: list[str], said: str, tmp_path: Path) -> None:
    result = run(tmp_path, "http://127.0.0.1:1", *words)
    assert result.exit_code == 2 and said in " ".join(result.stderr.split())


def test_without_a_file_it_says_which_option_names_one() -> None:
    result = CliRunner().invoke(hivesight, ["notify", "test", "on-call"])
    assert result.exit_code == 2 and "--alertmanager-config" in result.stderr


def test_a_file_with_faults_is_shown_with_the_place(tmp_path: Path) -> None:
    (tmp_path / "mine.tmpl").write_text('{{ define "mine" }}{{ end }}', encoding="utf-8")
    path = tmp_path / "am.yml"
    path.write_text(FILE.replace("URL", "http://x").replace("{{ index .Alerts 9 }}", "{{ index | }}"), encoding="utf-8")
    command = [sys.executable, "-m", "hivesight", "notify", "test", "on-call", "--alertmanager-config", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2 and "am.yml:13:54: error: missing command" in done.stderr
