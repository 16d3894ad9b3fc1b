"""docs/api.md and docs/alertmanager.md have a line for each route of their API, with its methods and parameters."""

import re
from pathlib import Path

import pytest
from starlette.routing import Route

from hivesight.api import alertmanager, prometheus
from hivesight.api.prometheus import graph

ROOT = Path(__file__).parents[2]


def lines(page: str) -> dict[str, str]:
    """The methods of each route that has a line."""
    return dict(re.findall(r"^\| `(/[^`]+)` \| ([A-Z, ]+) \| .+ \|$", (ROOT / page).read_text(), re.MULTILINE))


@pytest.fixture
def routes(tsdb, workers, clock) -> dict[str, Route]:
    own = {each.path for each in graph.routes()}
    found = prometheus.routes(None, tsdb, None, None, None, workers, clock, None, None)
    return {each.path: each for each in found if "{path:path}" not in each.path and each.path not in own}


def test_every_route_has_its_line(routes) -> None:
    wanted = {path: ", ".join(sorted(route.methods - {"HEAD"})) for path, route in routes.items()}
    assert wanted == lines("docs/api.md")


def test_every_route_of_the_alertmanager_api_has_its_line(workers, clock) -> None:
    methods: dict[str, list[str]] = {}
    for each in alertmanager.routes(None, workers, clock, "", 0, str):
        if each.path.startswith("/api/v2/") and len(each.methods - {"HEAD"}) == 1:
            methods.setdefault(each.path, []).extend(each.methods - {"HEAD"})
    assert {path: ", ".join(each) for path, each in methods.items()} == lines("docs/alertmanager.md")


def test_every_parameter_has_its_place() -> None:
    sources = [path.read_text() for path in Path(prometheus.__file__).parent.glob("*.py") if path.name != "graph.py"]
    names = {name for text in sources for name in re.findall(r'params\.\w+\("([^"]+)"', text)}
    text = (ROOT / "docs/api.md").read_text()
    assert {"query", "group_limit", "match_target"} <= names
    assert [name for name in sorted(names) if f"`{name}`" not in text] == []
