"""The link in an alert opens the alert's runbook: the same rule file, evaluated by us and by a real Prometheus."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from e2e.running import eventually, prometheus, serving
from hivesight import pack


@pytest.fixture(params=["hivesight", "prometheus"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    rules = (pack.RULES / "monitoring_rules.yml").read_text()
    (tmp_path / "rules.yml").write_text(rules.replace("interval: 15s", "interval: 1s"))
    config = tmp_path / "prometheus.yml"
    config.write_text("rule_files: [rules.yml]\n")
    if request.param == "hivesight":
        with serving(tmp_path, "--prometheus-config", str(config)) as server:
            yield server.url
    else:
        if shutil.which("prometheus") is None:
            pytest.skip("needs prometheus of the Debian package prometheus")
        with prometheus(tmp_path, f"--web.user-assets={pack.USER}") as address:
            yield address


def test_the_link_of_an_alert_opens_its_page(url: str) -> None:
    def link() -> str:
        alerts = httpx2.get(f"{url}/api/v1/alerts").json()["data"]["alerts"]
        return next((each["annotations"]["runbook_url"] for each in alerts if each["state"] == "firing"), "")

    address = eventually(link, 30, "Watchdog fires")
    # A Prometheus calls itself by the name of its machine, at which it does not listen here.
    page = httpx2.get(url + urlsplit(address).path)
    assert page.status_code == 200 and page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>Watchdog</h1>" in page.text
