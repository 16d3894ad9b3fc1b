"""`hivesight check --fix`: the mechanical edits, and nothing else."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from hivesight.cli.check import check
from hivesight.doctor import Edit, Finding, check_paths, fix
from hivesight.doctor.fixes import mend
from hivesight.model.diagnostics import Diagnostic, Severity

RULES = "groups:\n- name: g\n  rules:\n  - alert: Down\n    expr: {}\n"
DASHBOARD = '{{"uid": "a", "schemaVersion": 41, "title": "é",\t"panels": [{{"type": "row", "x": "{}"}}]}}'


def edit(line: int, col: int, length: int, text: str) -> Finding:
    return Finding(Diagnostic("f", line, col, length, Severity.INFO, "x/y", "wrong"), "", Edit(line, col, length, text))


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("r.yml", RULES.format("up{job=~\"api\",b!~'c d'} == 0"), RULES.format('up{job="api",b!="c d"} == 0')),
        ("r.yml", RULES.format("'up{job=~\"^a.*$\"} == 0'"), RULES.format("'up{job=~\"a.*\"} == 0'")),
        ("r.yml", RULES.format(r'"up{job=~\"api\"} == 0"'), RULES.format(r'"up{job=\"api\"} == 0"')),
        (
            "r.yml",
            RULES.format("|\n      sum(\n        up{job=~'api'}\n      ) == 0"),
            RULES.format('|\n      sum(\n        up{job="api"}\n      ) == 0'),
        ),
        ("compose.yml", "# ours\nversion: '3'\nservices: {}\n", "# ours\nservices: {}\n"),
        ("compose.yml", "version: '3'\r\nservices: {}\r\n", "services: {}\r\n"),
        (
            "d.json",
            '{"id": 7, "panels": [], "title": "\té"}'.replace("\t", ""),
            '{"id": null, "panels": [], "title": "é"}',
        ),
        (
            "d.json",
            r'{"panels": [{"type": "stat", "targets": [{"expr": "rate(x{a=\"\\\"\",b=~\"c\"}[$__interval])"}]}]}',
            r'{"panels": [{"type": "stat", "targets": [{"expr": "rate(x{a=\"\\\"\",b=\"c\"}[$__rate_interval])"}]}]}',
        ),
        (
            "otel.yml",
            "exporters: {logging: }\nservice: {pipelines: {traces: {receivers: [], exporters: [logging]}}}\n",
            "exporters: {debug: }\nservice: {pipelines: {traces: {receivers: [], exporters: [debug]}}}\n",
        ),
    ],
)
def test_what_is_mechanical_is_written_and_every_other_byte_stays(
    name: str, before: str, after: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(before.encode())
    fixed = fix(check_paths([path]))
    assert path.read_bytes() == after.encode()
    assert fixed.done and not fixed.refused
    assert not fix(check_paths([path])).done


def test_edits_that_overlap_are_refused() -> None:
    mended = mend("abcdef\n", [edit(1, 1, 3, "x"), edit(1, 3, 2, "y"), edit(1, 5, 1, "z"), edit(1, 5, 1, "z")])
    assert (mended.text, len(mended.done), len(mended.refused)) == ("xdzf\n", 3, 1)


@pytest.mark.parametrize("wrong", [edit(9, 1, 1, "x"), edit(1, 3, 9, "x"), edit(1, 0, 1, "x"), edit(2, 1, 3, "")])
def test_edits_beyond_their_line_are_refused(wrong: Finding) -> None:
    assert mend("abc\nde", [wrong]).refused == (wrong,)


def test_the_end_of_a_line_may_be_part_of_an_edit() -> None:
    assert mend("abc\nde", [edit(1, 1, 4, "")]).text == "de"


def test_a_file_whose_lines_are_counted_in_several_ways_is_left_alone() -> None:
    assert mend("a\u2028b\nc", [edit(2, 1, 1, "x")]).refused


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "compose.yml"
    path.write_text("version: '3'\nservices: {}\n", encoding="utf-8")
    examination = check_paths([path])
    path.write_text("version: '2'\nservices: {}\n", encoding="utf-8")
    fixed = fix(examination)
    assert not fixed.done
    assert "changed" in fixed.refused[0][1]
    assert path.read_text(encoding="utf-8").startswith("version: '2'")


def test_the_command_says_what_it_did_and_what_is_left(tmp_path: Path) -> None:
    path = tmp_path / "compose.yml"
    path.write_text("version: '3'\nservices: {a: {image: b}}\n", encoding="utf-8")
    path.chmod(0o640)
    result = CliRunner().invoke(check, [str(path), "--fix"])
    assert result.exit_code == 1
    assert "fixed: " in result.stderr and "compose/obsolete-version" in result.stderr
    assert "compose/unpinned-image" in result.stdout and "compose/obsolete-version" not in result.stdout
    assert path.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in tmp_path.iterdir()] == ["compose.yml"]


def test_a_suppressed_finding_is_not_fixed(tmp_path: Path) -> None:
    path = tmp_path / "compose.yml"
    text = "version: '3' # hivesight: ignore compose/obsolete-version because an old Compose reads it\nservices: {}\n"
    path.write_text(text, encoding="utf-8")
    assert not fix(check_paths([path])).done
