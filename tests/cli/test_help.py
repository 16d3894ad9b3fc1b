"""Every verb has help with an example, and every flag is documented."""

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from hivesight.cli.main import VERBS, hivesight
from hivesight.cli.notify import test as notify_test
from hivesight.cli.query import query
from hivesight.cli.test import test as verb_test
from hivesight.cli.up import up

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(
    "words",
    [[], ["up"], ["query"], ["test"], ["demo"], ["demo", "fault"], ["demo", "status"], ["notify"], ["notify", "test"]],
    ids=" ".join,
)
def test_help_has_an_example(words: list[str]) -> None:
    result = CliRunner().invoke(hivesight, [*words, "--help"])
    assert result.exit_code == 0 and "Example:" in result.output


def test_the_list_of_verbs_is_whole() -> None:
    output = CliRunner().invoke(hivesight, ["--help"]).output
    assert all(verb in output for verb in VERBS)


def test_help_loads_no_room() -> None:
    rooms = ("numpy", "pydantic", "starlette")
    code = f"import sys; import hivesight.cli.main; print([m for m in {rooms} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_flag_is_documented() -> None:
    text = (DOCS / "configuration.md").read_text()
    for parameter in up.params:
        assert isinstance(parameter, click.Option)
        assert f"`{parameter.opts[0]}" in text
        if parameter.envvar:
            assert f"`{parameter.envvar}`" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["up", "--listen", "nowhere"], "not an address"),
        (["up", "--nothing"], "No such option"),
        (["demo", "fault", "explode"], "is not one of"),
    ],
)
def test_wrong_usage_ends_with_2(words: list[str], said: str) -> None:
    result = CliRunner().invoke(hivesight, words)
    assert result.exit_code == 2 and said in result.output


def test_a_demo_that_does_not_run(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hivesight", "demo", "fault", "heal", "--data", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and "no demo runs" in done.stderr and "hivesight up --demo" in done.stderr


@pytest.mark.parametrize("verb", [query, verb_test, notify_test], ids=["query", "test", "notify test"])
def test_every_flag_of_a_verb_is_documented(verb: click.Command) -> None:
    text = (DOCS / "cli.md").read_text()
    for parameter in verb.params:
        if isinstance(parameter, click.Option):
            assert f"`{parameter.opts[0]}" in text
            assert not parameter.envvar or f"`{parameter.envvar}`" in text
