"""The web interface in a real browser on a real server: what an operator sees, types, and is protected from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from e2e.running import Server, serving

CHROMIUM = Path("/usr/bin/chromium")
AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

PROMETHEUS = """
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
scrape_configs:
  - job_name: agent-hive-gone
    static_configs: [{targets: ["127.0.0.1:1"]}]
"""
# What a stranger may write into labels and annotations.
RULES = """
groups:
  - name: strangers
    rules:
      - alert: Hostile
        expr: vector(1) > 0
        labels: {severity: critical, origin: "<b id=injected>x</b>"}
        annotations:
          summary: "<img src=x onerror='document.title=`taken`'>"
          runbook_url: "javascript:document.title='taken'"
          dashboard_url: "https://example.org/d/1"
      - alert: Waiting
        expr: vector(1) > 0
        for: 1h
        labels: {severity: warning}
      - record: strangers:one
        expr: vector(1)
"""

# A machine that is busy with other tests takes its time.
expect.set_options(timeout=20_000)

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs the Debian package chromium")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("ui")
    (directory / "prometheus.yml").write_text(PROMETHEUS)
    (directory / "rules.yml").write_text(RULES)
    with serving(directory, "--prometheus-config", str(directory / "prometheus.yml")) as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """A fresh profile. Nothing may be written to the console: the policy's refusals would stand there."""
    context = browser.new_context(base_url=server.url, viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    said: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            said.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert said == []


def test_the_overview_says_what_is_wrong(page: Page) -> None:
    page.goto("/?refresh=1s")
    expect(page.get_by_role("heading", level=1)).to_have_text("Needs action now")
    tile = page.locator(".tile", has_text="gone")
    expect(tile).to_contain_text("down")
    attention = page.get_by_role("region", name="Needs attention")
    expect(attention.get_by_role("listitem").first).to_contain_text("Hostile")
    expect(page.get_by_role("region", name="Hivesight itself")).to_contain_text("Series in the head")
    expect(page.locator(".chart canvas").first).to_be_visible()
    expect(page).to_have_title(re.compile(r"^\(1\) Overview"))


def test_what_strangers_write_stays_text(page: Page) -> None:
    page.goto("/alerts")
    card = page.get_by_role("region", name="Hostile")
    expect(card).to_contain_text("<img src=x onerror=")
    expect(card).to_contain_text("<b id=injected>x</b>")
    expect(card).to_contain_text("Runbook: javascript:")
    assert card.locator("img").count() == page.locator("#injected").count() == 0
    links = card.get_by_role("link").evaluate_all("links => links.map(link => link.href)")
    assert all(link.startswith(("http://", "https://")) for link in links)
    assert "https://example.org/d/1" in links
    expect(page).to_have_title(re.compile("Alerts"))


def test_states_and_words_filter_and_stand_in_the_address(page: Page) -> None:
    page.goto("/alerts")
    states = page.get_by_role("navigation", name="State")
    states.get_by_role("link", name="Pending").click()
    expect(page).to_have_url(re.compile(r"\?state=pending$"))
    expect(page.get_by_role("region", name="Waiting")).to_contain_text("of 1h")
    expect(page.get_by_role("region", name="Hostile")).to_have_count(0)
    page.keyboard.press("/")
    page.keyboard.type("nothing like it")
    expect(page.get_by_text("No alert contains")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(re.compile(r"/alerts$"))

    page.get_by_role("link", name="Rules", exact=True).click()
    expect(page.get_by_role("region", name="strangers").get_by_role("row")).to_have_count(4)
    expect(page.get_by_role("row", name=re.compile("strangers:one"))).to_contain_text("recording")


def test_keys_and_palette_lead_to_pages_and_keep_the_time(page: Page) -> None:
    page.goto("/?from=now-1h&to=now")
    expect(page.get_by_role("button", name=re.compile("Time range: Last hour"))).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page).to_have_url(re.compile(r"/alerts\?from=now-1h&to=now$"))
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search").fill("metrics")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/explore\?from=now-1h&to=now$"))
    page.get_by_role("textbox", name="PromQL expression").fill("vector(41) + 1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Values")).to_contain_text("42")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Go to Alerts")


def test_dragging_over_a_chart_zooms_and_back_undoes_it(page: Page) -> None:
    page.goto("/explore?expr=vector(1)&from=1795450000000&to=1795453600000")
    plot = page.locator(".u-over")
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 60, steps=5)
    page.mouse.up()
    expect(page).not_to_have_url(re.compile("from=1795450000000"))
    zoomed = re.search(r"from=(\d+)&to=(\d+)", page.url)
    assert zoomed is not None
    assert int(zoomed[1]) == pytest.approx(1795450900000, abs=60_000)
    assert int(zoomed[2]) == pytest.approx(1795452700000, abs=60_000)
    page.go_back()
    expect(page).to_have_url(re.compile("from=1795450000000&to=1795453600000"))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("/graph?g0.expr=up%20%3D%3D%200&g0.tab=1", r"/explore\?expr=up\+%3D%3D\+0$"),
        ("/#/alerts?receiver=pager", "/alerts$"),
        ("/#/silences/new?filter=%7Balertname%3D%22Down%22%7D", "/alerts$"),
    ],
)
def test_links_of_notifications_arrive(page: Page, given: str, wanted: str) -> None:
    page.goto(given)
    expect(page).to_have_url(re.compile(wanted))
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_the_theme_is_kept_and_is_there_before_the_first_paint(page: Page) -> None:
    page.goto("/alerts")
    page.get_by_role("button", name="Switch to light theme").click()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "light")
    page.goto("/alerts", wait_until="commit")
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "light")
    assert "theme" not in page.url


def test_an_expression_that_is_wrong_gets_the_servers_words(browser: Browser, server: Server) -> None:
    with browser.new_context(base_url=server.url) as context:
        page = context.new_page()
        page.goto("/explore?expr=rate(up")
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("The query failed")
        expect(alert).to_contain_text("parse error")
        expect(alert.get_by_role("button", name="Retry")).to_be_visible()


def test_pages_open_and_say_so_when_the_server_has_gone(browser: Browser, tmp_path: Path) -> None:
    with browser.new_context() as context, serving(tmp_path) as server:
        page = context.new_page()
        with page.expect_request_finished(lambda request: "/assets/alerts-page" in request.url):
            page.goto(server.url + "/?refresh=1s")
        expect(page.get_by_role("region", name="Hivesight itself")).to_contain_text("Series in the head")
        server.stop()
        expect(page.get_by_text("The Hivesight server does not answer.")).to_be_visible()
        expect(page.get_by_role("region", name="Hivesight itself")).to_contain_text("Series in the head")
        page.keyboard.press("g")
        page.keyboard.press("r")
        expect(page.get_by_role("heading", name="Alerts")).to_be_visible()


@pytest.mark.skipif(not AXE.exists(), reason="needs `npm ci --ignore-scripts` in web/")
@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("path", ["/", "/alerts", "/alerts?view=rules", "/explore?expr=up", "/nothing-here"])
def test_accessibility(browser: Browser, server: Server, path: str, theme: str) -> None:
    # The check itself is a script of ours that the policy would refuse.
    with browser.new_context(base_url=server.url, bypass_csp=True, reduced_motion="reduce") as context:
        context.add_init_script(f"localStorage.setItem('hivesight-theme', '{theme}')")
        page = context.new_page()
        page.goto(path)
        expect(page.locator("main h1, main .empty").first).to_be_visible()
        expect(page.locator(".skeleton")).to_have_count(0)
        page.add_script_tag(path=AXE)
        for key in ("", "Control+k", "Escape", "t"):
            if key:
                page.keyboard.press(key)
            found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
            faults = [(fault["id"], [node["target"] for node in fault["nodes"]]) for fault in found]
            assert faults == [], f"after {key or 'loading'}"
