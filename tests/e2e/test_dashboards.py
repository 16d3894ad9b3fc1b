"""The pack's dashboards of the hive on the demo: every panel has data."""

from pathlib import Path

from e2e.running import eventually, serving
from e2e.test_demo import shortened
from e2e.test_hive_families import judged
from hivesight import pack
from pack.panels import expressions, read, substituted

DASHBOARDS = ("overview", "agents", "agent", "tasks", "decisions", "external-apis", "model-cost")
NOT_IN_THE_DEMO = {
    ("external-apis", "How long services take (p95)"),  # the hive asks a model and no other service
}


def asked(name: str) -> list[tuple[str, str, str]]:
    """What the panels of a dashboard ask, of the agents that hand on tasks where it is about one type."""
    one = {"agent_type": "parser"} if name == "agent" else {}
    return [
        (name, title, substituted(expr, rate="10s", span="1m", **one))
        for title, expr in expressions(read(name))
        if (name, title) not in NOT_IN_THE_DEMO
    ]


def test_every_panel_has_data(tmp_path: Path) -> None:
    demo = tmp_path / "server" / "data" / "demo"
    judged(demo / "state")
    files = tmp_path / "files"
    pack.write(files)
    for path in files.rglob("*.yml"):
        path.write_text(shortened(path.read_text()).replace("targets/", f"{demo}/targets/"))
    with serving(tmp_path / "server", "--demo", "--prometheus-config", str(files / "prometheus.yml")) as server:
        empty = [query for name in DASHBOARDS for query in asked(name)]

        def all_have_some() -> bool:
            empty[:] = [query for query in empty if not server.query(query[2])]
            return not empty

        try:
            eventually(all_have_some, 60, "data in every panel")
        except AssertionError:
            raise AssertionError(f"panels without data: {empty}") from None
