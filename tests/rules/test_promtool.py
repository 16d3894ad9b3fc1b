"""The timelines of alerts through Prometheus itself: what we say of ALERTS is what promtool's unit tests expect."""

import shutil
import subprocess
from pathlib import Path

import pytest

from rules.test_timelines import RULE, STEP_S, TIMELINES

STATES = {"p": "pending", "f": "firing"}


def unit_test(values: str, states: str) -> str:
    """One promtool test file: after every turn, the series of ALERTS."""
    checks: list[str] = []
    for turn, state in enumerate(states):
        checks.append(f"  - eval_time: {turn * STEP_S}s\n    expr: ALERTS\n    exp_samples:")
        if state in STATES:
            labels = f'{{alertname="A",alertstate="{STATES[state]}",i="1",severity="page"}}'
            checks[-1] += f"\n    - labels: 'ALERTS{labels}'\n      value: 1"
        else:
            checks[-1] += " []"
    series = " ".join(values)
    return (
        f"rule_files: [rules.yml]\nevaluation_interval: {STEP_S}s\ntests:\n- interval: {STEP_S}s\n"
        f"  input_series:\n  - series: 'x{{i=\"1\"}}'\n    values: '{series}'\n"
        "  promql_expr_test:\n" + "\n".join(checks) + "\n"
    )


def test_promtool_sees_the_same_states(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("needs promtool: apt-get install prometheus")
    files: list[str] = []
    for index, (for_, keep, values, states, _) in enumerate(TIMELINES):
        directory = tmp_path / str(index)
        directory.mkdir()
        (directory / "rules.yml").write_text(RULE.format(for_=for_, keep=keep), encoding="utf-8")
        (directory / "test.yml").write_text(unit_test(values, states), encoding="utf-8")
        files.append(str(directory / "test.yml"))
    done = subprocess.run([promtool, "test", "rules", *files], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
