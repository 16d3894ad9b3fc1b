"""`DashboardGenerator`: the pack's dashboards as JSON, panel by panel, one, or all of them into a directory."""

import json
from pathlib import Path
from typing import Any, Final

from hivesight.model.errors import HivesightError
from hivesight.pack.dashboards import overview, render
from hivesight.pack.dashboards.catalogue import DASHBOARDS
from hivesight.pack.dashboards.spec import Dashboard, Panel, Row
from hivesight.pack.dashboards.variables import HIVE

_NAME: Final = "production"
_TITLE: Final = "Agent Hive - Production Dashboard"
_BOTH: Final = (overview.HEALTH, overview.PERFORMANCE)


class DashboardGenerator:
    """Puts panels on a dashboard and gives it as the bare JSON object that Grafana's file provisioning reads.

    Panels that were added are on the dashboard in the order of their adding; without any, all are. Nothing that is
    generated changes the generator: a second call gives the same again.
    """

    def __init__(self) -> None:
        self._panels: list[Panel] = []

    @property
    def panels(self) -> list[dict[str, Any]]:
        """The panels that were added, as JSON objects with ids and places."""
        return [each for each in self.generate_dashboard()["panels"] if each["type"] != "row"] if self._panels else []

    def add_system_health_panel(self) -> dict[str, Any]:
        """Adds the panel of which services are up, and gives it as a JSON object."""
        return self.add_panel(overview.HEALTH)

    def add_performance_overview_panel(self) -> dict[str, Any]:
        """Adds the panel of CPU, memory and coordination latency, and gives it as a JSON object."""
        return self.add_panel(overview.PERFORMANCE)

    def add_panel(self, panel: Panel) -> dict[str, Any]:
        """Adds any panel, and gives it as a JSON object."""
        self._panels.append(panel)
        return self.panels[-1]

    def generate_dashboard(self, title: str = _TITLE) -> dict[str, Any]:
        """The dashboard with this title as a JSON object."""
        rows = (Row("Production", tuple(self._panels) or _BOTH),)
        return render.document(Dashboard(_NAME, title, "The panels that were chosen for it.", HIVE, rows))

    def export_dashboard(self, filename: str | Path) -> None:
        """Writes the dashboard to a file. Raises OSError where that cannot be written."""
        Path(filename).write_text(json.dumps(self.generate_dashboard(), indent=2, sort_keys=True) + "\n")


def texts() -> dict[str, str]:
    """All dashboards of the pack: file name -> JSON text."""
    return {f"{each.name}.json": render.text(each) for each in DASHBOARDS}


def write(directory: Path) -> list[Path]:
    """Writes all dashboards into a directory, which is made where it is missing. Raises HivesightError where a file
    cannot be written."""
    files = {directory / name: text for name, text in texts().items()}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for path, text in files.items():
            path.write_text(text)
    except OSError as error:
        raise HivesightError(f"{error.filename}: {error.strerror}; name a directory that can be written") from error
    return list(files)
