"""`hivesight storage import` as a user types it."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hivesight.cli.main import hivesight
from hivesight.model.clock import SystemClock
from hivesight.model.errors import HivesightError
from hivesight.model.labels import Labels
from hivesight.storage.tsdb import Limits, Tsdb

GOOD = "# TYPE a gauge\n" + "".join(f'a{{i="{i}"}} {t} {t}\n' for i in range(2) for t in range(0, 9000, 60)) + "# EOF\n"


def run(data: Path, *words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(hivesight, ["storage", "import", "--data", str(data), *words], input=stdin)


def series(data: Path) -> list[Labels]:
    store = Tsdb.open(data / "metrics", clock=SystemClock(), retention_ms=None, limits=Limits())
    try:
        return store.series([], 0, 1 << 60)
    finally:
        store.close()


def test_import(tmp_path: Path) -> None:
    (tmp_path / "a.om").write_text(GOOD)
    told = run(tmp_path / "data", "--label", "cluster=c", str(tmp_path / "a.om"), "-", stdin="a 1 1\na 2 1\n# EOF\n")
    assert told.exit_code == 0, told.output
    assert (
        "imported 301 samples of 3 series from 1970-01-01 00:00:00 to 1970-01-01 02:29:00 UTC: 1 blocks" in told.output
    )
    assert "1 samples were given again with another value; the first one stands" in told.output
    assert "`storage.retention`" in told.output
    assert series(tmp_path / "data") == [
        Labels({"__name__": "a", "cluster": "c", **extra}) for extra in ({}, {"i": "0"}, {"i": "1"})
    ]


def test_dry_run(tmp_path: Path) -> None:
    told = run(tmp_path / "data", "--dry-run", "-", stdin=GOOD)
    assert told.exit_code == 0 and "300 samples of 2 series" in told.output and "nothing was imported" in told.output
    assert not (tmp_path / "data").exists()


def test_nothing_to_import(tmp_path: Path) -> None:
    assert "no samples; nothing was imported" in run(tmp_path / "data", "-", stdin="# EOF\n").output


def test_a_fault_in_the_last_file_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.om").write_text(GOOD)
    (tmp_path / "b.om").write_text("b 1 1\nb 1\n# EOF\n")
    told = run(tmp_path / "data", str(tmp_path / "a.om"), str(tmp_path / "b.om"))
    assert told.exit_code == 1 and isinstance(told.exception, HivesightError)
    assert f"{tmp_path / 'b.om'}:2: the sample has no timestamp" in str(told.exception)
    assert "Nothing was imported" in str(told.exception)
    assert series(tmp_path / "data") == []


@pytest.mark.parametrize("label", ["cluster", "1a=b", "__name__=x"])
def test_wrong_labels(tmp_path: Path, label: str) -> None:
    told = run(tmp_path, "--label", label, "-", stdin=GOOD)
    assert told.exit_code == 2 and "as NAME=VALUE" in told.output


def test_files_that_are_not_there(tmp_path: Path) -> None:
    told = run(tmp_path, str(tmp_path / "nothing.om"))
    assert told.exit_code == 1 and "nothing.om: No such file or directory" in str(told.exception)
