"""Every alert has a page that says what to do, and what the page asks exists."""

import re
from pathlib import Path

import pytest
import yaml

from hivesight import pack
from hivesight.pack.dashboards.catalogue import DASHBOARDS
from hivesight.pack.runbooks import INDEX, pages
from hivesight.query.promql import metric_names, parse
from hivesight.rules.config import read_rule_file
from pack.metrics import known_metrics

DOCS = Path(__file__).parents[2] / "docs" / "runbooks"
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in DOCS.glob("*.md")}
RULES = [
    rule
    for path in pack.RULES.glob("*.yml")
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
# Of exporters, Prometheus and Alertmanager, which only the runbooks ask.
OTHERS = {
    *("prometheus_tsdb_wal_writes_failed_total", "prometheus_tsdb_wal_storage_size_bytes"),
    *("node_memory_SwapFree_bytes", "node_vmstat_oom_kill", "node_filesystem_files_free", "node_filesystem_files"),
    *("alertmanager_notification_latency_seconds_sum", "alertmanager_notification_latency_seconds_count"),
    *(f"prometheus_remote_storage_sent_batch_duration_seconds_{each}" for each in ("sum", "count")),
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_series_added",
}
SECTIONS = ["What it means", "How it is computed", "First look", "Likely causes", "What to do", "False alarm, tuning"]
each_page = pytest.mark.parametrize("name", sorted(PAGES.keys() - {"README"}))


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    assert PAGES.keys() == ALERTS.keys() | {"README"}
    assert set(re.findall(r"\]\((\w+)\.md\)", PAGES["README"])) == ALERTS.keys()


@each_page
def test_a_page_answers_what_one_asks_at_night(name: str) -> None:
    text = PAGES[name]
    assert text.startswith(f"# {name}\n")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == [*SECTIONS, "Who next"]
    assert blocks(text, "promql") and "hivesight " in "".join(blocks(text, "sh"))
    assert set(re.findall(r"\]\(([^)]+)\)", text)) <= {f"{other}.md" for other in PAGES}


@each_page
def test_what_a_page_asks_can_be_asked(name: str) -> None:
    commands = re.findall(r"^hivesight query '([^']+)'", "".join(blocks(PAGES[name], "sh")), re.MULTILINE)
    for query in [*"\n\n".join(blocks(PAGES[name], "promql")).split("\n\n"), *commands]:
        unknown = metric_names(parse(query)) - known_metrics() - OTHERS
        assert not unknown, query


@each_page
def test_the_dashboards_that_a_page_names_exist(name: str) -> None:
    named = set(re.findall(r"`(hivesight-[a-z-]+)`", PAGES[name]))
    assert named and named <= {dashboard.uid for dashboard in DASHBOARDS}


def test_pages_are_what_the_generator_makes() -> None:
    made = {path.name: path.read_text(encoding="utf-8") for path in pack.RUNBOOKS.glob("*")}
    assert INDEX in made and made == pages(DOCS), "make them: python -m hivesight.pack.runbooks docs/runbooks"


def test_what_is_in_markdown_is_no_markup(tmp_path: Path) -> None:
    (tmp_path / "Down.md").write_text("# A & B\n\n<script>alert(1)</script> [x](Up.md) [all](README.md) `up < 1`\n")
    page = pages(tmp_path)["Down.html"]
    assert "<script" not in page and "<title>A &amp; B</title>" in page
    assert '<a href="Up.html">' in page and '<a href="index.html">all' in page and "<code>up &lt; 1</code>" in page


def test_each_alert_leads_to_its_page() -> None:
    for path in pack.RULES.glob("*.yml"):
        source = read_rule_file(path)
        assert source.file is not None
        for rule in (rule for group in source.file.groups for rule in group.rules if rule.alert):
            assert rule.annotations["runbook_url"] == f"{{{{ $externalURL }}}}/user/runbooks/{rule.alert}.html"
            assert (pack.RUNBOOKS / f"{rule.alert}.html").is_file()
