"""Templates of annotations: what we make of them is what Prometheus makes of them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from gotmpl.prometheus_cases import LABELS, NUMBER_CASES, SYNTAX_ERRORS, TEXT_CASES, VALUE
from hivesight.gotmpl import PROMETHEUS_FUNCTIONS, FunctionError, Sample, Template, TemplateError, prometheus_functions

PREAMBLE = (
    "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"
)
DATA = {"Labels": LABELS, "ExternalLabels": {}, "ExternalURL": "http://example.org:9090/p", "Value": VALUE}
CASES = NUMBER_CASES + TEXT_CASES


def answer(query: str) -> list[Sample]:
    known = {"vector(1)": 1.0, "vector(7)": 7.0, "absent(vector(1))": None}
    if query not in known:
        raise FunctionError("unknown")
    value = known[query]
    return [] if value is None else [Sample({}, value)]


def expand(text: str, data: object = DATA) -> str:
    template = Template.parse("test", PREAMBLE + text, PROMETHEUS_FUNCTIONS)
    functions = prometheus_functions(query=answer, external_url="http://example.org:9090/p", now_ms=90_000)
    return template.execute(data, functions=functions)


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_expansion(text: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(TemplateError):
            expand(text)
    else:
        assert expand(text) == expected


@pytest.mark.parametrize(("text", "line", "col"), SYNTAX_ERRORS)
def test_syntax_error_has_its_place(text: str, line: int, col: int) -> None:
    with pytest.raises(TemplateError) as caught:
        Template.parse("file.tmpl", text, PROMETHEUS_FUNCTIONS)
    assert (caught.value.line, caught.value.col) == (line, col), caught.value
    assert str(caught.value).startswith(f"template: file.tmpl:{line}:{col}: ")


def test_error_while_executing_has_its_place() -> None:
    with pytest.raises(TemplateError, match=r"^template: t:2:6: error calling humanize: strconv.ParseFloat"):
        Template.parse("t", '\n  {{ humanize "x" }}', PROMETHEUS_FUNCTIONS).execute(None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ externalURL }}{{ $externalURL }}{{ pathPrefix }}", "http://example.org:9090/phttp://example.org:9090/p/p"),
        ("{{ now }} {{ toDuration 90.5 }} {{ humanizeDuration (toDuration 90.5) }}", "90 1m30.5s 1m 30s"),
        ('{{ define "x" }}<{{ . }}>{{ end }}a{{ tmpl "x" $labels.job | toUpper }}', "a<NODE EXPORTER>"),
        ('{{ urlQueryEscape "a b" }}', "a+b"),
        ("{{ range 3 }}{{ . }}{{ end }}", "012"),
        ("{{ range $i := 2 }}{{ $i }}{{ end }}", "01"),
        ('{{ with $labels.missing }}a{{ else with "y" }}{{ . }}{{ end }}', "y"),
    ],
)
def test_what_newer_versions_have(text: str, expected: str) -> None:
    assert expand(text) == expected


def test_query_functions() -> None:
    samples = [Sample({"a": "2", "__value__": "9"}, 2.0), Sample({"a": "1"}, 1.5)]
    text = '{{ range query "q" | sortByLabel "a" }}{{ label "a" . }}={{ value . }} {{ end }}'
    text += '{{ query "q" | first | strvalue }}'
    template = Template.parse("t", text, PROMETHEUS_FUNCTIONS)
    assert template.execute(None, functions=prometheus_functions(query=lambda _: samples)) == "1=1.5 2=2 9"


def yaml_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def test_promtool_agrees(tmp_path: Path) -> None:
    """Every case above through Prometheus itself (an error is shown inside the annotation there)."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("needs promtool: apt-get install prometheus")
    cases = [(text, expected) for text, expected in CASES if expected is not None]
    annotations = "".join(f"      c{index}: {yaml_text(text)}\n" for index, (text, _) in enumerate(cases))
    (tmp_path / "rules.yml").write_text(
        f"groups:\n- name: g\n  rules:\n  - alert: A\n    expr: x\n    annotations:\n{annotations}", encoding="utf-8"
    )
    labels = ",".join(f"{name}={yaml_text(value)}" for name, value in LABELS.items() if name != "__name__")
    wanted = "".join(f"        c{index}: {yaml_text(text)}\n" for index, (_, text) in enumerate(cases))
    shown = "".join(f"        {name}: {yaml_text(value)}\n" for name, value in LABELS.items() if name != "__name__")
    (tmp_path / "test.yml").write_text(
        f"rule_files: [rules.yml]\ntests:\n- interval: 1m\n  input_series:\n  - series: 'x{{{labels}}}'\n"
        f"    values: '{VALUE}'\n  alert_rule_test:\n  - eval_time: 0m\n    alertname: A\n    exp_alerts:\n"
        f"    - exp_labels:\n{shown}      exp_annotations:\n{wanted}",
        encoding="utf-8",
    )
    command = [promtool, "test", "rules", "test.yml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
