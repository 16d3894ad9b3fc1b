"""`hivesight check`: files that are found, exit codes, formats."""

import os
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from hivesight.cli.main import hivesight
from hivesight.doctor.catalog import CHECKS

BAD = "groups: [{name: a,rules: [{record: A, expr: 'count(x) == 0'}]}]\n"
MILD = "groups: [{name: a,rules: [{record: A, expr: 'count(x) > 0'}]}]\n"
GOOD = "groups: [{name: a,rules: [{record: A, expr: 'x == 0'}]}]\n"


def check(*words: object) -> Result:
    return CliRunner().invoke(hivesight, ["check", *map(str, words)])


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "a b.yml"
    path.write_text(BAD)
    return path


def test_text_shows_the_line_with_a_caret_and_what_to_do(bad: Path) -> None:
    result = check(bad)
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[0].startswith(f"{bad}:1:46: error: this is always false")
    assert lines[0].endswith("[promql/constant-comparison]")
    assert "^" * 13 in lines[2]
    assert "or vector(0)" in lines[3]
    assert lines[-1] == "1 file examined: 1 error"


@pytest.mark.parametrize(
    ("text", "words", "code"),
    ((GOOD, (), 0), (MILD, (), 0), (MILD, ("--fail-on", "info"), 1), (BAD, (), 1), (BAD, ("--fail-on", "error"), 1)),
)
def test_exit_codes(tmp_path: Path, text: str, words: tuple[str, ...], code: int) -> None:
    (tmp_path / "rules.yml").write_text(text)
    assert check(tmp_path, *words).exit_code == code


def test_the_list_names_every_check() -> None:
    result = check("--list")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.output.splitlines()] == list(CHECKS)


def test_wrong_commands_say_what_to_write(tmp_path: Path) -> None:
    nothing, missing = check(), check(tmp_path / "nowhere.yml")
    assert (nothing.exit_code, missing.exit_code) == (2, 2)
    assert "name the files or folders" in nothing.output
    assert "does not exist" in missing.output


@pytest.mark.parametrize("content", (b"\xff\xfe", b"a: [", b"just: a file\n"), ids=("bytes", "no YAML", "other"))
def test_a_named_file_that_is_nothing_to_examine(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rules.yml"
    path.write_bytes(content)
    result = check(path)
    assert result.exit_code == 1
    assert str(path) in result.output
    assert check(tmp_path).exit_code == 0  # beside others it is somebody else's


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "rules.yml")
    assert check(tmp_path).exit_code == 0
    assert "no file that can be read" in check(tmp_path / "rules.yml").output


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(BAD)
    (tmp_path / "rules.yml").chmod(0)
    result = check(tmp_path / "rules.yml")
    assert (result.exit_code, "cannot read the file" in result.output) == (1, True)


def test_a_file_is_examined_once_and_hidden_folders_are_not(bad: Path) -> None:
    hidden = bad.parent / ".git"
    hidden.mkdir()
    (hidden / "rules.yml").write_text(BAD)
    assert "1 file examined: 1 error" in check(bad, bad.parent, bad).output


def test_json(bad: Path) -> None:
    document = orjson.loads(check(bad, "--format", "json").output)
    (finding,) = document["findings"]
    assert (document["files"], document["suppressed"]) == (1, 0)
    assert finding.items() >= {
        ("check", "promql/constant-comparison"),
        ("severity", "error"),
        ("path", str(bad)),
        ("line", 1),
        ("column", 46),
        ("length", 13),
        ("fixable", False),
    }


def test_github(bad: Path) -> None:
    line = check(bad, "--format", "github").output.strip()
    assert line.startswith(
        f"::error file={bad},line=1,col=46,title=promql/constant-comparison::this is always false%3A".replace(
            "%3A", ":"
        )
    )


def test_sarif_has_what_2_1_0_requires(bad: Path) -> None:
    bad.write_text(BAD + "# hivesight: ignore promql/unit\n")
    with (bad.parent / "other.yml").open("w") as other:
        other.write(BAD.replace("}]}]", "}]}] # hivesight: ignore promql/constant-comparison because it is a test"))
    document = orjson.loads(check(bad.parent, "--format", "sarif").output)
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"]
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(set(ids)) == len(ids)
    assert all(rule.get("shortDescription", {"text": "x"})["text"] for rule in driver["rules"])
    assert len(run["results"]) == 3
    for result in run["results"]:
        assert result["message"]["text"]
        assert result["level"] in {"none", "note", "warning", "error"}
        assert ids[result["ruleIndex"]] == result["ruleId"]
        (location,) = result["locations"]
        region = location["physicalLocation"]["region"]
        assert region["startLine"] >= 1
        assert 1 <= region["startColumn"] < region["endColumn"]
        assert " " not in location["physicalLocation"]["artifactLocation"]["uri"]
    suppressed = [each["suppressions"] for each in run["results"] if "suppressions" in each]
    assert suppressed == [[{"kind": "inSource"}]]
