"""The generator with the guide's interface, and the commands that write all dashboards."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from hivesight.cli.dashboards import dashboards
from hivesight.model.errors import HivesightError
from hivesight.pack.dashboards.generator import DashboardGenerator, write
from pack.panels import FILES


def test_a_second_call_gives_the_same() -> None:
    generator = DashboardGenerator()
    first = generator.generate_dashboard()
    assert generator.generate_dashboard() == first
    assert [each["title"] for each in first["panels"]] == ["Production", "System health", "Performance overview"]
    assert first["title"] == "Agent Hive - Production Dashboard" and "dashboard" not in first


def test_panels_are_those_that_were_added() -> None:
    generator = DashboardGenerator()
    assert generator.panels == []
    performance = generator.add_performance_overview_panel()
    health = generator.add_system_health_panel()
    assert generator.panels == [performance, health] and performance["id"] != health["id"]
    assert [target["legendFormat"] for target in health["targets"]] == [
        *("Orchestrator", "Webhook Server", "API Gateway", "Event Streaming"),
    ]
    titles = [each["title"] for each in generator.generate_dashboard("Mine")["panels"] if each["type"] != "row"]
    assert titles == ["Performance overview", "System health"]


def test_latency_and_shares_have_axes_of_their_own() -> None:
    panel = DashboardGenerator().add_performance_overview_panel()
    (override,) = panel["fieldConfig"]["overrides"]
    assert panel["fieldConfig"]["defaults"]["unit"] == "percentunit"
    assert override["matcher"] == {"id": "byFrameRefID", "options": "C"}
    assert {"id": "unit", "value": "s"} in override["properties"]


def test_an_exported_dashboard_is_the_generated_one(tmp_path: Path) -> None:
    generator = DashboardGenerator()
    generator.export_dashboard(str(tmp_path / "d.json"))
    assert json.loads((tmp_path / "d.json").read_text()) == generator.generate_dashboard()


def test_the_verb_and_the_module_write_the_committed_files(tmp_path: Path) -> None:
    result = CliRunner().invoke(dashboards, [str(tmp_path / "verb")])
    assert result.exit_code == 0 and len(result.output.splitlines()) == len(FILES)
    command = [sys.executable, "-m", "hivesight.pack.dashboards", str(tmp_path / "module")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    for path in FILES:
        for directory in ("verb", "module"):
            assert (tmp_path / directory / path.name).read_text() == path.read_text()


def test_a_directory_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HivesightError, match="name a directory"):
        write(tmp_path / "file" / "inside")


def test_without_grafanas_builders_the_verb_says_what_to_install(tmp_path: Path) -> None:
    code = "import sys; sys.modules['grafana_foundation_sdk'] = None; from hivesight.cli.main import main; main()"
    command = [sys.executable, "-c", code, "dashboards", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "pip install 'hivesight[dashboards]'" in done.stderr
