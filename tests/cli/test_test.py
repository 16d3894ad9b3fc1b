"""`hivesight test` as its user meets it."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner

from hivesight.cli.main import hivesight

GOOD = """
tests:
- {name: one is one, promql_expr_test: [{expr: '1', exp_samples: [{value: 1}]}]}
- {name: two is one, promql_expr_test: [{expr: '2', exp_samples: [{value: 1}]}]}
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.yml").write_text(GOOD)
    (tmp_path / "wrong.yml").write_text("tests: {}\n")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["t.yml"], 1, "t.yml: 1 of 2 tests failed"),
        (["t.yml", "--run", "^one"], 0, "t.yml: 1 test passed"),
        (["t.yml", "--run", "^one", "--run", "^two"], 1, "t.yml: 1 of 2 tests failed"),
        (["wrong.yml", "t.yml"], 2, "wrong.yml:1:8: error"),
        (["nothing.yml"], 2, "nothing.yml:0:0: error: cannot read the file"),
        (["t.yml", "--run", "("], 2, "no regular expression"),
        ([], 2, "Missing argument"),
    ],
)
def test_ends_with(files: Path, words: list[str], code: int, said: str) -> None:
    result = CliRunner().invoke(hivesight, ["test", *words])
    assert (result.exit_code, said in result.output) == (code, True), result.output


def test_junit(files: Path) -> None:
    CliRunner().invoke(hivesight, ["test", "t.yml", "wrong.yml", "--junit", "out.xml"])
    first, second = ET.parse(files / "out.xml").getroot()
    assert (first.attrib["name"], first.attrib["tests"], first.attrib["failures"]) == ("t.yml", "2", "1")
    assert [case.attrib["name"] for case in first] == ["one is one", "two is one"]
    (failure,) = first.iter("failure")
    assert failure.attrib["message"] == "t.yml:4: expr '2' at 0s"
    assert failure.text == "{}\n  expected  1\n  got       2"
    assert second.attrib["errors"] == "1"
