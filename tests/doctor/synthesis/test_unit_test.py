"""The unit test that is made of a scenario passes, by our own runner and by promtool."""

import shutil
import subprocess
from pathlib import Path

import pytest

from hivesight.doctor.synthesis import Scenario, synthesize, unit_test
from hivesight.rule_tests import run_file
from hivesight.rules import read_rules

RULES = r"""
groups:
  - name: shop
    interval: 30s
    rules:
      - record: job:errors:ratio5m
        expr: sum by (job) (rate(errors_total[5m])) / sum by (job) (rate(requests_total[5m]))
      - alert: ErrorsHigh
        expr: job:errors:ratio5m > 0.05
        for: 2m
        labels: {severity: critical}
        annotations: {summary: "{{ $labels.job }} isn't well: {{ $value | humanizePercentage }}\nSee the log."}
      - alert: TargetDown
        expr: up == 0
        annotations: {summary: '{{ $labels.instance }} is down'}
      - alert: TargetDown
        expr: absent(up)
      - alert: Slow
        expr: histogram_quantile(0.9, sum by (job) (rate(duration_seconds[5m]))) > 0.5
      - alert: Watchdog
        expr: vector(1)
"""


@pytest.mark.parametrize("index", range(1, 6))
def test_the_test_of_a_scenario_passes(tmp_path: Path, index: int) -> None:
    file = read_rules(RULES, "rules.yml").file
    assert file is not None
    rule = file.groups[0].rules[index]
    found = synthesize(file.groups, rule)
    assert isinstance(found, Scenario), found
    tmp_path.joinpath("rules.yml").write_text(RULES)
    written = tmp_path / "scenario.test.yml"
    written.write_text(unit_test(found, rule, file.groups))
    own = run_file(written)
    assert not own.fault
    assert [each.failures for each in own.tests] == [()]
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is missing (Debian package prometheus)")
    if rule.alert == "Slow":
        return  # bookworm's promtool reads no native histograms
    ended = subprocess.run([promtool, "test", "rules", str(written)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
