"""Templates of notifications: data with methods, sets of files, HTML."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from gotmpl.alertmanager_cases import CASES, DATA, ERRORS, NEWER_CASES
from hivesight.gotmpl import (
    ALERTMANAGER_FUNCTIONS,
    Template,
    TemplateError,
    TemplateSet,
    alertmanager_functions,
)

FUNCTIONS = alertmanager_functions(now_ms=lambda: 1_700_000_100_000)


@pytest.mark.parametrize(("text", "expected"), CASES + NEWER_CASES)
def test_expansion(text: str, expected: str) -> None:
    assert Template.parse("t", text, FUNCTIONS).execute(DATA) == expected


@pytest.mark.parametrize("text", ERRORS)
def test_error(text: str) -> None:
    with pytest.raises(TemplateError):
        Template.parse("t", text, FUNCTIONS).execute(DATA)


def test_a_set_of_files_calls_across_them() -> None:
    files = [
        ("default.tmpl", '{{ define "title" }}default{{ end }}{{ define "both" }}<{{ template "title" . }}>{{ end }}'),
        ("own.tmpl", '{{ define "title" }}own {{ .Status }}{{ end }}{{ define "both" }}  {{ end }}'),
    ]
    templates = TemplateSet.parse(files, ALERTMANAGER_FUNCTIONS)
    assert templates.names() == {"default.tmpl", "own.tmpl", "title", "both"}
    # A later file replaces a template, but not by a blank one.
    assert templates.template("slack.text", '{{ template "both" . }}!').execute(DATA) == "<own firing>!"
    assert templates.named("title").execute(DATA) == "own firing"
    with pytest.raises(TemplateError, match="not defined"):
        templates.named("nope")
    with pytest.raises(TemplateError, match=r"slack.text:1:4: template 'nope' not defined"):
        templates.template("slack.text", '{{ template "nope" . }}').execute(DATA)


def test_error_in_a_called_file_names_that_file() -> None:
    templates = TemplateSet.parse([("own.tmpl", '\n{{ define "x" }}\n {{ .Nope }}{{ end }}')], ALERTMANAGER_FUNCTIONS)
    with pytest.raises(TemplateError) as caught:
        templates.template("text", 'a {{ template "x" . }}').execute(DATA)
    assert (caught.value.name, caught.value.line, caught.value.col) == ("own.tmpl", 3, 5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<p>{{ .x }}</p>", "<p>&lt;b a=&#34;1&#34;&gt;&amp;&#39;&lt;/b&gt;</p>"),
        ("{{ .x | safeHtml }}", "<b a=\"1\">&'</b>"),
        ("{{ html .y }} {{ .y | html }}", "&lt; &lt;"),
        ("{{ .y | toUpper | printf \"%s<\" }}", "&lt;&lt;"),
        ("{{ define \"i\" }}<i>{{ . }}</i>{{ end }}{{ template \"i\" .y }}", "<i>&lt;</i>"),
        ('<a href="{{ .bad }}">', '<a href="#unsafe-url">'),
        ("<a href = '{{ .bad }}'>", "<a href = '#unsafe-url'>"),
        ('<a href="{{ .tricky }}">', '<a href="#unsafe-url">'),
        ('<a href="{{ .good }}">', '<a href="https://e.org/?a=1&amp;b=2">'),
        ('<a href="{{ .relative }}/#/alerts">', '<a href="/p:q/#/alerts">'),
        ('<a href="{{ .good | safeUrl }}">', '<a href="https://e.org/?a=1&amp;b=2">'),
        ("{{ .bad }}", "javascript:alert(1)"),
    ],
)  # fmt: skip
def test_html_escapes_every_value(text: str, expected: str) -> None:
    data = {
        "x": '<b a="1">&\'</b>',
        "y": "<",
        "bad": "javascript:alert(1)",
        "tricky": " \tJaVaScRiPt:alert(1)",
        "good": "https://e.org/?a=1&b=2",
        "relative": "/p:q",
    }
    assert Template.parse("t", text, ALERTMANAGER_FUNCTIONS, html=True).execute(data) == expected


def test_amtool_agrees(tmp_path: Path) -> None:
    """Every case above through Alertmanager itself."""
    amtool = shutil.which("amtool")
    if amtool is None:
        pytest.skip("needs amtool: apt-get install prometheus-alertmanager")
    alerts = [
        {
            "status": "firing",
            "labels": {"alertname": "Down", "job": "api", "a": "1"},
            "annotations": {"summary": "api <down>"},
        },
        {"status": "resolved", "labels": {"alertname": "Down", "job": "web"}, "annotations": {}},
    ]
    for alert in alerts:
        alert["startsAt"] = "2023-11-14T22:13:20.123Z"
        alert["endsAt"] = "2023-11-14T23:13:20Z"
        alert["generatorURL"] = "http://prometheus/graph?g0.expr=a&g0.tab=1"
        alert["fingerprint"] = "0123456789abcdef"
    data = {
        "receiver": "team",
        "status": "firing",
        "alerts": alerts,
        "groupLabels": {"alertname": "Down"},
        "commonLabels": {"alertname": "Down", "severity": "critical", "a b": "x"},
        "commonAnnotations": {"summary": "s"},
        "externalURL": "http://am.example.org",
    }
    (tmp_path / "data.json").write_text(json.dumps(data), encoding="utf-8")
    (tmp_path / "one.tmpl").write_text("", encoding="utf-8")
    separator = "\n=====\n"
    command = [amtool, "template", "render", "--template.glob=one.tmpl", "--template.data=data.json"]
    # One call for all: the definition inside a case is as good at the end of the whole.
    text = separator.join(text for text, _ in CASES)
    done = subprocess.run(
        [*command, f"--template.text={text}"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.removesuffix("\n").split(separator) == [expected for _, expected in CASES]
