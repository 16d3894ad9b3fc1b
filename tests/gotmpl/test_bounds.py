"""Whoever writes templates and labels: nothing but TemplateError comes out, within bounds."""
# ruff: noqa: E501 (one case a line)

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gotmpl.alertmanager_cases import CASES, DATA
from gotmpl.prometheus_cases import TEXT_CASES
from hivesight.gotmpl import ALERTMANAGER_FUNCTIONS, PROMETHEUS_FUNCTIONS, Limits, Template, TemplateError

SMALL = Limits(output=2000, steps=2000, depth=60)

PIECES = st.sampled_from(
    [
        "{{", "}}", "{{- ", " -}}", "{{/*", "*/}}", "(", ")", "|", ".", "$", "$x", ":=", "=", ",", " ", "\n", '"', "`", "'",
        ".A", ".Labels", "range", "if", "else", "end", "with", "define", "template", "block", "break", "continue", "nil",
        "true", "printf", "print", "len", "index", "slice", "eq", "lt", "and", "or", "not", "1", "0x", "1e9", "-3", "99999",
        '"%s%d%v"', '"%999999d"', '"%*[3]d"', '"x"', "html", "reReplaceAll", '"a*"', "humanize", "toTime", "query", "args",
        "first", "join", "toJson", "dict", "list", "append", "title", "date", "\x00", "é", "\U0001f600", "\ud800", "{{ end }}",
        "{{ if true }}", "{{ range . }}", "{{ $x := 1 }}", '{{ define "a" }}', '{{ template "a" . }}',
    ]
)  # fmt: skip
SOUP = st.lists(PIECES, max_size=40).map(" ".join) | st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=200)
DATA_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["A", "Labels", "x"]) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=10,
)


def attempt(text: str, data: object, functions: object, html: bool = False) -> None:
    try:
        template = Template.parse("t", text, functions, html=html)  # type: ignore[arg-type]
        assert len(template.execute(data, limits=SMALL)) <= SMALL.output
    except TemplateError as error:
        assert error.line >= 1
        assert error.col >= 1
        assert error.line <= text.count("\n") + 1


@given(SOUP, DATA_VALUES)
@settings(max_examples=400, deadline=None)
def test_soup_raises_only_template_errors(text: str, data: object) -> None:
    attempt(text, data, PROMETHEUS_FUNCTIONS)
    attempt(text, data, ALERTMANAGER_FUNCTIONS, html=True)


SEEDS = [text for text, _ in TEXT_CASES] + [text for text, _ in CASES]


@given(st.sampled_from(SEEDS), st.integers(0, 200), st.integers(0, 10), PIECES, DATA_VALUES)
@settings(max_examples=400, deadline=None)
def test_mutated_templates_raise_only_template_errors(text: str, at: int, cut: int, piece: str, data: object) -> None:
    mutated = "{{$labels := .}}{{$value := .}}" + text[:at] + piece + text[at + cut :]
    attempt(mutated, data, PROMETHEUS_FUNCTIONS)
    attempt(mutated, DATA, ALERTMANAGER_FUNCTIONS, html=True)


FUNCTION_NAMES = sorted({*PROMETHEUS_FUNCTIONS, *ALERTMANAGER_FUNCTIONS})


@given(st.sampled_from(FUNCTION_NAMES), st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=4), st.data())
@settings(max_examples=600, deadline=None)
def test_every_function_takes_anything(name: str, arguments: list[str], data: st.DataObject) -> None:
    values = {each: data.draw(DATA_VALUES) for each in arguments}
    text = f"{{{{ {name} {' '.join('.' + each for each in arguments)} }}}}"
    attempt(text, values, PROMETHEUS_FUNCTIONS if name in PROMETHEUS_FUNCTIONS else ALERTMANAGER_FUNCTIONS)


@given(st.text(alphabet="%+-# 0123456789.*[]vsdqxXfFeEgGtTcUob!é", max_size=30), st.lists(DATA_VALUES, max_size=3))
@settings(max_examples=400, deadline=None)
def test_printf_takes_anything(pattern: str, values: list[object]) -> None:
    names = "bcd"[: len(values)]
    text = f"{{{{ printf .a {' '.join('.' + name for name in names)} }}}}"
    attempt(text, {"a": pattern, **dict(zip(names, values, strict=True))}, PROMETHEUS_FUNCTIONS)


BOMBS = [
    '{{ define "r" }}{{ template "r" . }}{{ end }}{{ template "r" }}',
    '{{ define "a" }}x{{ template "b" }}{{ template "b" }}{{ end }}{{ define "b" }}{{ template "a" }}{{ end }}{{ template "a" }}',
    '{{ $x := "aaaaaaaaaaaaaaaa" }}' + '{{ $x = printf "%s%s" $x $x }}' * 60 + "{{ len $x }}",
    "{{ $x := list 1 }}" + "{{ $x = list $x $x }}" * 100 + "{{ $x }}",
    "{{ $x := list 1 }}" + "{{ $x = list $x $x }}" * 100 + "{{ toJson $x }}",
    "{{ $x := list 1 }}" + "{{ $x = list $x $x }}" * 25 + '{{ printf "%s" $x }}',
    "{{ $x := list }}" + "{{ $x = list $x $x }}" * 29 + '{{ printf "%d" $x }}',
    "{{ range 100000000000 }}{{ end }}",
    "{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}",
    "{{ range 1000000 }}aaaaaaaaaaaaaaaaaaaaa{{ end }}",
    '{{ printf "%999999999d" 1 }}{{ printf "%900000d%900000d%900000d%900000d%900000d%900000d" 1 1 1 1 1 1 }}',
    '{{ $x := printf "%0900000d" 1 }}{{ reReplaceAll "0" $x $x }}',
    '{{ $x := printf "%0900000d" 1 }}{{ join $x (stringSlice "" "" "" "" "" "" "" "" "") }}',
    '{{ $x := printf "%0900000d" 1 }}' + "{{ html $x }}" * 500,
    "{{ " + "(" * 2000 + "1" + ")" * 2000 + " }}",
    "{{ if 1 }}" * 2000 + "{{ end }}" * 2000,
    "{{ $x := list }}{{ range 100000 }}{{ $x = append $x 1 2 3 4 5 6 7 8 9 }}{{ end }}",
    "{{ 1" + "0" * 5000 + " }}",
    "{{ " + "9" * 300 + "e" + "9" * 90 + " }}",
    "x" * 2_000_000,
    "{{ humanize1024 1e308 }}{{ humanizeDuration 1e300 }}",
    '{{ reReplaceAll "' + "a?" * 20_000 + '" "" "a" }}',
    '{{ match "' + "(" * 20_000 + ")" * 20_000 + '" "a" }}',
]


@pytest.mark.parametrize("text", BOMBS, ids=range(len(BOMBS)))
@pytest.mark.parametrize("html", [False, True])
def test_bomb_is_refused(text: str, html: bool) -> None:
    functions = {**PROMETHEUS_FUNCTIONS, **ALERTMANAGER_FUNCTIONS}
    with pytest.raises(TemplateError):
        Template.parse("t", text, functions, html=html).execute(DATA)


def test_nothing_of_python_is_visible() -> None:
    class Secret:
        token = "t"

        def reveal(self) -> str:
            return self.token

    for path in (".token", ".reveal", ".__class__", ".__init__.__globals__"):
        with pytest.raises(TemplateError, match="can't evaluate field"):
            Template.parse("t", "{{ .s%s }}" % path).execute({"s": Secret()})  # noqa: UP031
    assert Template.parse("t", "{{ .s.__class__ }}").execute({"s": {}}) == ""
    assert "0x" not in Template.parse("t", "{{ .s }}").execute({"s": Secret()})
