"""The pack's dashboards on the written stack: the reference hive, real exporters, the embedded server. Every panel that
asks for metrics has data."""

from contextlib import ExitStack
from pathlib import Path
from typing import Final

from e2e.exporters import exporters
from e2e.running import eventually, serving
from e2e.test_hive_families import judged
from e2e.test_written_stack import aimed, written
from hivesight.pack.dashboards.sending_on import SENDS_ON
from pack.panels import FILES, expressions, read, substituted

NOT_HERE: Final = {
    ("external-apis", "How long services take (p95)"): "the hive asks a model and no other service",
    ("infrastructure", "CPU of containers"): "no containers, no cAdvisor",
    ("infrastructure", "Memory of containers"): "no containers, no cAdvisor",
    ("infrastructure", "Throttling"): "no containers, no cAdvisor",
    ("logs", "Secrets taken out"): "the hive logs no secrets",
    ("security", "Secrets in logs"): "the hive logs no secrets",
    ("traces", "Exported"): "the hive sends spans only where it is told to",
    ("traces", "Waiting to be exported"): "the hive sends spans only where it is told to",
    ("hivesight", "Alerts lost"): "only one of three ways to lose them, that to an Alertmanager, has no figure",
    ("hivesight", "Samples not stored"): "all samples are stored",
    ("hivesight", "Questions without an answer"): "all questions are answered",
    **{
        ("hivesight", panel.title): "nothing is sent on without an address, which a demo does not have"
        for panel in SENDS_ON.panels
    },
}


def asked(name: str) -> list[tuple[str, str, str]]:
    """What the panels of a dashboard ask, of the agents that hand on tasks where it is about one type."""
    one = {"agent_type": "parser"} if name == "agent" else {}
    # The server looks at itself every 15 seconds, at others every second here.
    rate = "1m" if name == "hivesight" else "15s"
    return [
        (name, title, substituted(expr, rate=rate, span="1m", **one))
        for title, expr in expressions(read(name))
        if (name, title) not in NOT_HERE
    ]


def test_every_panel_has_data(tmp_path: Path) -> None:
    stack = written(tmp_path / "stack", "http://127.0.0.1:9/")
    judged(tmp_path / "server" / "data" / "demo" / "state")
    with ExitStack() as running:
        around = running.enter_context(exporters(tmp_path, stack / "blackbox" / "blackbox.yml"))
        aimed(stack, around.addresses, tmp_path / "server")
        files = ("--config", str(stack / "hivesight.yml"))
        server = running.enter_context(serving(tmp_path / "server", "--demo", *files))
        empty = [query for path in FILES for query in asked(path.stem)]

        def all_have_some() -> bool:
            empty[:] = [query for query in empty if not server.query(query[2])]
            return not empty

        try:
            eventually(all_have_some, 90, "data in every panel")
        except AssertionError:
            raise AssertionError(f"panels without data: {empty}") from None
