"""`hivesight check --live` against a running server."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from e2e.running import Server, eventually, free_port, serving
from hivesight.cli.main import hivesight
from hivesight.doctor.catalog import CHECKS
from hivesight.doctor.live import Live, Seen, survey
from hivesight.doctor.live_checks import MANY_GROUPS, flaws
from hivesight.doctor.promql.metrics import Kind
from hivesight.query.promql.parser import parse

SERIES = tuple({"__name__": "x", "job": "a", "number": str(each)} for each in range(MANY_GROUPS + 1))
LIVE = Live(frozenset({"x", "requests_total", "big"}), seen={"x": Seen(SERIES, True), "big": Seen(SERIES[:1], False)})
TABLE = (
    ("live/no-such-metric", "requests_totl > 1", "requests_total > 1"),
    ("live/no-such-metric", "absent(y)", "job:x:sum"),
    ("live/no-such-label", 'x{pod="b"}', 'x{pod=""}'),
    ("live/no-such-label", 'x{pod=~".+"}', 'big{pod=~".+"}'),
    ("live/no-such-label", "sum by (pod) (x)", "sum by (job) (x)"),
    ("live/no-such-label", "sum by (pod) (rate(x[5m]))", 'sum by (pod) (label_replace(x, "pod", "a", "", ""))'),
    ("live/nothing-selected", 'x{job="b"}', 'x{job="a"}'),
    ("live/many-groups", "sum by (job, number) (x)", "sum by (job) (x)"),
)


@pytest.mark.parametrize(("code", "bad", "good"), TABLE)
def test_what_is_not_there(code: str, bad: str, good: str) -> None:
    recorded = frozenset({"job:x:sum"})
    assert code in {each.check for each in flaws(parse(bad), LIVE, recorded)}
    assert code not in {each.check for each in flaws(parse(good), LIVE, recorded)}
    assert code in CHECKS


def test_kinds_and_the_time_limit() -> None:
    answers = {
        "label/__name__/values": ["a_total", "b", "c_bucket", "native"],
        "metadata": {
            "a": [{"type": "counter"}],
            "b": [{"type": "gauge"}],
            "c": [{"type": "histogram"}],
            "native": [{"type": "histogram"}],
            "d": [{"type": "gauge"}, {"type": "counter"}],
            "odd": "nothing",
        },
        "series": [{"__name__": "b", "job": "a"}, "odd"],
    }
    clock = iter(range(0, 10_000, 45))
    live = survey(lambda path, _: answers[path], ["a_total", "b", "native"], lambda: 0.0, lambda: float(next(clock)))
    assert live.kinds.items() >= {("a_total", Kind.COUNTER), ("b", Kind.GAUGE), ("c", Kind.HISTOGRAM)}
    assert not {"native", "d", "odd"} & live.kinds.keys()
    assert live.seen.keys() == {"a_total"}
    assert live.unasked == ("b", "native")


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("live")) as running:
        eventually(lambda: running.query("up"), 20, "a first scrape")
        yield running


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yml"
    lines = ("up{job='nobody'} == 0", "sum by (pod) (up) == 0", "up_ == 0", "up == 0")
    path.write_text(
        "groups: [{name: a, rules: ["
        + ", ".join(f'{{record: A{n}, expr: "{line}"}}' for n, line in enumerate(lines))
        + "]}]"
    )
    return path


def test_against_a_server(server: Server, rules: Path) -> None:
    result = CliRunner().invoke(hivesight, ["check", str(rules), "--live", server.url, "--format", "json"])
    found = [each["check"] for each in orjson.loads(result.output)["findings"]]
    assert found == ["live/nothing-selected", "live/no-such-label", "live/no-such-metric"]
    assert result.exit_code == 1


def test_nobody_answers(rules: Path) -> None:
    result = CliRunner().invoke(hivesight, ["check", str(rules), "--live", f"http://127.0.0.1:{free_port()}"])
    assert result.exit_code == 1
    assert "no server answers" in result.output
    assert "--live" in result.output


def test_a_long_answer_is_cut(server: Server, rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hivesight.cli.check._ANSWER_BYTES", 100)
    result = CliRunner().invoke(hivesight, ["check", str(rules), "--live", server.url])
    assert result.exit_code == 1
    assert "answers with more than" in result.output
