"""The pack's dashboards: Grafana can show them, and what they ask for exists."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from hivesight import pack
from hivesight.pack.dashboards import generator, overview
from hivesight.query.promql import metric_names, parse
from pack.metrics import known_metrics
from pack.panels import FILES, Document, expressions, panels, read, substituted

DOCS = Path(__file__).parents[2] / "docs"
KINDS = {
    *("timeseries", "stat", "gauge", "bargauge", "table", "heatmap", "state-timeline", "logs", "traces", "nodeGraph"),
}
GRAFANAS = {"__rate_interval", "__range", "__all"}


def strings(value: Any) -> Iterator[str]:
    """All texts anywhere in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def document(request: pytest.FixtureRequest) -> Document:
    return read(request.param.stem)


def test_the_files_are_what_the_code_makes() -> None:
    made = generator.texts()
    stale = [path.name for path in FILES if made.get(path.name) != path.read_text()]
    remedy = "run: hivesight dashboards server/src/hivesight/pack/files/grafana/dashboards"
    assert not stale and len(made) == len(FILES) == 13, remedy


def test_dashboards_have_uids_and_titles_of_their_own() -> None:
    documents = [read(path.stem) for path in FILES]
    for key in ("uid", "title"):
        assert len({each[key] for each in documents}) == len(documents)
    for path, each in zip(FILES, documents, strict=True):
        assert each["uid"] == f"hivesight-{path.stem}" and len(each["uid"]) <= 40


def test_a_dashboard_is_a_bare_object_of_the_current_schema(document: Document) -> None:
    assert "dashboard" not in document and "id" not in document and "uid" in document
    assert document["schemaVersion"] >= 41 and document["editable"] is True


def test_panels_fill_the_grid_without_overlaps(document: Document) -> None:
    places = [(each["gridPos"], each["title"]) for each in document["panels"]]
    for place, title in places:
        assert place["x"] >= 0 and place["w"] > 0 and place["x"] + place["w"] <= 24 and place["h"] > 0, title
    for (one, title), (other, _) in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert beside or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"], title
    assert [each["id"] for each in document["panels"]] == list(range(1, len(document["panels"]) + 1))


def test_every_panel_is_whole(document: Document) -> None:
    titles = [panel["title"] for panel in panels(document)]
    assert len(set(titles)) == len(titles)
    for panel in panels(document):
        assert panel["type"] in KINDS and panel["title"]
        assert panel["description"].endswith(".") and "{" not in panel["description"], panel["title"]
        assert re.fullmatch(r"\$\{\w+\}", panel["datasource"]["uid"])
        assert panel["fieldConfig"]["defaults"]["unit"]
        steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        values = [step["value"] for step in steps]
        assert values[0] is None and None not in values[1:] and values[1:] == sorted(values[1:])
        references = [target["refId"] for target in panel["targets"]]
        assert references and len(set(references)) == len(references)


def test_the_present_is_asked_for_by_itself_and_drawn_series_have_exemplars(document: Document) -> None:
    for panel in panels(document):
        for target in panel["targets"]:
            if "expr" in target:
                now = panel["type"] in {"stat", "gauge", "bargauge", "table"}
                assert (target.get("instant", False), target.get("range", False)) == (now, not now)
                assert target.get("exemplar", False) == (panel["type"] in {"timeseries", "heatmap"})


def test_every_variable_is_defined_and_used(document: Document) -> None:
    defined = {variable["name"]: variable for variable in document["templating"]["list"]}
    used = {
        name
        for where in (document["panels"], document["templating"]["list"], document["annotations"])
        for text in strings(where)
        for name in re.findall(r"\$\{?(\w+)", text)
    }
    assert used - GRAFANAS == set(defined)


def test_every_query_parses_and_asks_for_what_exists(document: Document) -> None:
    known = known_metrics()
    for title, expr in expressions(document):
        tree = parse(substituted(expr))
        assert metric_names(tree) <= known, title
    for variable in document["templating"]["list"]:
        if variable["type"] == "query":
            selector = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
            assert selector is not None
            parse(substituted(selector[1]))


def test_promtool_takes_every_query(tmp_path: Path) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("needs promtool of the Debian package prometheus")
    asked = [expr for path in FILES for _, expr in expressions(read(path.stem))]
    rules = [{"record": f"panel:{number}", "expr": substituted(expr)} for number, expr in enumerate(asked)]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    command = ["promtool", "check", "rules", "rules.yml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and f"{len(asked)} rules found" in done.stdout, done.stdout + done.stderr


def test_rates_are_over_grafanas_interval(document: Document) -> None:
    for title, expr in expressions(document):
        for function, window in re.findall(r"\b(rate|increase)\([^\[]*\[([^\]]+)\]", expr):
            alike = {"$__rate_interval", "$__range", "$window"}
            alert_windows = {"5m"} if function == "increase" else {"5m", "1h", "6h"}
            assert window in alike | alert_windows, title
            assert window in alike or document["uid"] in ("hivesight-slos", "hivesight-hivesight"), title


def test_the_services_of_the_overview_are_the_jobs_that_are_scraped() -> None:
    scraped = yaml.safe_load((pack.FILES / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    assert set(overview.SERVICES) == {each["job_name"] for each in scraped if "agent-hive" in each["job_name"]}


def test_the_server_starts_without_grafanas_builders() -> None:
    code = (
        "import sys, hivesight.app, hivesight.cli.main, hivesight.cli.up, hivesight.cli.dashboards\n"
        "sys.exit(any(n.startswith(('grafana_foundation', 'hivesight.pack.dashboards')) for n in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_the_docs_list_every_dashboard() -> None:
    text = (DOCS / "dashboards.md").read_text()
    rows = re.findall(r"^\| `([\w-]+)\.json` \| ([^|]+) \| (\d+) \|", text, re.MULTILINE)
    documents = {path.stem: read(path.stem) for path in FILES}
    assert {(name, title, int(count)) for name, title, count in rows} == {
        (name, document["title"], len(panels(document))) for name, document in documents.items()
    }
