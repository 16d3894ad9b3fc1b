"""The server's own metrics are well-formed, and it scrapes them itself."""

import re
import shutil
import subprocess
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from e2e.running import eventually, serving

DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_own_metrics(tmp_path: Path) -> None:
    with serving(tmp_path / "server") as server:
        text = httpx2.get(server.url + "/metrics").text
        families = {family.name: family.type for family in text_string_to_metric_families(text)}
        assert families["prometheus_tsdb_head_series"] == "gauge"
        assert families["prometheus_rule_evaluations"] == "counter"
        documented = set(re.findall(r"^\| `(\w+)` \|", DOCS.read_text(), re.MULTILINE))
        own = {name for name in families if not name.startswith(("python_", "process_"))}
        names = {f"{name}_total" if families[name] == "counter" else name for name in own}
        assert {name for name in names if not name.endswith("_created")} == documented
        eventually(lambda: server.value("prometheus_tsdb_head_series > 100"), 15, "scraped by itself")
        if shutil.which("promtool") is None:
            pytest.skip("needs promtool of the Debian package prometheus")
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        complaints = [line for line in (done.stdout + done.stderr).splitlines() if "hivesight_" in line]
        assert complaints == []
