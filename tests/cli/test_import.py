"""`hivesight import` as a user types it, and a server on what it wrote."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from e2e.running import serving
from hivesight.cli.main import hivesight
from hivesight.model.errors import HivesightError

PROMETHEUS = """\
global: {scrape_interval: 15s, evaluation_interval: 15s}
rule_files:
  # where they are in the container
  - /etc/prometheus/rules/*.yml
  - missing.yml
scrape_configs:
  - job_name: hive
    static_configs:
      - targets: ['127.0.0.1:1']
  - job_name: bought
    consul_sd_configs:
      - server: consul:8500
    basic_auth: {username: me, password_file: secrets/password}
  - job_name: listed
    file_sd_configs: [{files: [targets/*.json]}]
remote_read:
  - url: http://old:9090/api/v1/read
"""
ALERTMANAGER = """\
route: {receiver: chat}
receivers:
  - name: chat
    victorops_configs:
    - routing_key: x
    webhook_configs:
    - url: http://127.0.0.1:1/hook
templates: [templates/*.tmpl]
"""
RULES = "groups: [{name: g, rules: [{alert: A, expr: up == 0}]}]\n"
FILES = {
    "prometheus.yml": PROMETHEUS,
    "rules/good.yml": RULES,
    "rules/bad.yml": RULES.replace("up == 0", "up =="),
    "targets/a.json": '[{"targets": ["127.0.0.1:2"]}]',
    "secrets/password": "hidden",
    "alertmanager.yml": ALERTMANAGER,
    "templates/t.tmpl": '{{ define "t" }}x{{ end }}',
    "grafana/overview.json": '{"title": "Overview", "panels": []}',
    "docker-compose.yml": "services: {}\n",
    "other/rules.yml": RULES,
}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "old" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "old"


def run(*words: object) -> Result:
    return CliRunner().invoke(hivesight, ["import", *map(str, words)])


def test_what_carries_over_and_what_does_not(old: Path) -> None:
    told = run(old)
    assert told.exit_code == 1, told.output
    carried, _, rest = told.output.partition("Does not carry over:")
    assert "Prometheus configuration; jobs: 3, rule files: 1" in carried
    assert "changed, line 11: consul_sd_configs: became a comment: consul_sd_configs is not supported" in carried
    assert "changed, line 2: rule_files names the copies: rules/good.yml" in carried
    assert "without effect, line 16: remote_read" in carried
    assert "victorops_configs: became a comment" in carried
    assert all(name in carried for name in ("targets/a.json", "templates/t.tmpl", "overview.json  dashboard"))
    assert "bad.yml  rules: line 1:" in rest and "docker-compose.yml  Compose" in rest
    assert "other/rules.yml  rules: no rule_files of the Prometheus configuration names it" in rest
    assert "secrets/password  (named in" in rest and "rule_files names missing.yml, where no file is" in rest
    assert "The doctor finds:" in rest


def test_a_server_runs_on_what_was_written(old: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    told = run(old, "--into", new)
    assert told.exit_code == 1 and f"hivesight up --config {new}/hivesight.yml" in told.output, told.output
    assert {str(path.relative_to(new)) for path in new.rglob("*") if path.is_file()} == {
        *("hivesight.yml", "prometheus.yml", "rules/good.yml", "targets/a.json"),
        *("alertmanager.yml", "templates/t.tmpl", "grafana/overview.json"),
    }
    # Whatever was taken out stands there still.
    kept = [line.replace("# not carried over: ", "") for line in (new / "prometheus.yml").read_text().splitlines()]
    assert set(PROMETHEUS.splitlines()) <= set(kept)
    with serving(tmp_path / "server", "--config", str(new / "hivesight.yml")) as server:
        groups = server.get("/api/v1/rules")["data"]["groups"]
        assert [each["file"] for each in groups] == [str(new / "rules/good.yml")]
        assert "name: chat" in server.get("/api/v2/status")["config"]["original"]


def test_nothing_is_overwritten_unasked(old: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    run(old, "--into", new)
    (new / "rules/good.yml").write_text("mine")
    refused = run(old, "--into", new)
    assert refused.exit_code == 1 and "differ from what would be written" in refused.output
    assert (new / "rules/good.yml").read_text() == "mine"
    run(old, "--into", new, "--force")
    assert (new / "rules/good.yml").read_text() == RULES


def test_files_that_need_no_change_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "prometheus.yml").write_text("rule_files: ['*.rules']\n")
    (tmp_path / "a.rules").write_text(RULES)
    told = run(tmp_path, "--into", tmp_path / "new")
    assert told.exit_code == 0, told.output
    assert (tmp_path / "new/prometheus.yml").read_text() == "rule_files: ['*.rules']\n"


def test_rules_alone_get_a_prometheus_file(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(RULES)
    assert "prometheus.yml is new" in run(tmp_path / "a.yml", "--into", tmp_path / "new").output
    assert (tmp_path / "new/prometheus.yml").read_text().endswith("rule_files:\n  - a.yml\n")


def test_nothing_that_is_known(tmp_path: Path) -> None:
    told = run(tmp_path)
    assert isinstance(told.exception, HivesightError) and "nothing here is known" in str(told.exception)
