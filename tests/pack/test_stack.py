"""What `hivesight init` writes: accepted by the real tools and by the server, with everybody's values in it."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from hivesight.config import Options, load
from hivesight.pack.placing import differing, place, place_secrets
from hivesight.pack.stack import GUIDE_SERVICES, RECEIVERS, Service, Stack, line, render, retention, service
from hivesight.rule_tests import run_file

OTHERS = (Service("planner", "planner:9000"), Service("api-gateway", "gateway:8082"))
STACKS = {
    "the guide's": Stack(GUIDE_SERVICES, frozenset({"email", "slack"})),
    "all receivers": Stack(GUIDE_SERVICES, frozenset(RECEIVERS), "30d", "7d", "mail:25", "o'brien@x.example"),
    "webhook alone": Stack(OTHERS, frozenset({"webhook"})),
    "pager alone": Stack(OTHERS[:1], frozenset({"pagerduty"})),
}


@pytest.fixture(params=STACKS.values(), ids=STACKS.keys())
def stack(request: pytest.FixtureRequest) -> Stack:
    return request.param


def accepted(directory: Path, *command: str) -> None:
    if shutil.which(command[0]) is None:
        package = {"promtool": "prometheus", "amtool": "prometheus-alertmanager"}[command[0]]
        pytest.skip(f"needs {command[0]} of the Debian package {package}")
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_accepts_it(stack: Stack, tmp_path: Path) -> None:
    place(tmp_path, render(stack))
    accepted(tmp_path, "promtool", "check", "config", "prometheus/prometheus.yml")


def test_amtool_accepts_it(stack: Stack, tmp_path: Path) -> None:
    place(tmp_path, render(stack))
    accepted(tmp_path, "amtool", "check-config", "alertmanager/alertmanager.yml")


def test_the_server_loads_it_without_a_warning(stack: Stack, tmp_path: Path) -> None:
    place(tmp_path, render(stack))
    config = load(Options(config=tmp_path / "hivesight.yml"))
    jobs = [job.job_name for job in config.prometheus.scrape_configs]
    assert jobs[: len(stack.services)] == [f"agent-hive-{each.name}" for each in stack.services]
    assert not config.warnings


def test_each_service_is_missed_when_nobody_lists_it(stack: Stack) -> None:
    rules = render(stack)["prometheus/rules/agent_hive_rules.yml"]
    assert rules.count("or absent(up{") == len(stack.services)
    assert all(f'absent(up{{job="agent-hive-{each.name}"}})' in rules for each in stack.services)


def test_the_unit_tests_hold_for_others_services(tmp_path: Path) -> None:
    place(tmp_path, render(STACKS["webhook alone"]))
    result = run_file(tmp_path / "prometheus" / "tests" / "agent_hive_rules.test.yml")
    assert not result.fault and not result.failed


def test_receivers_are_those_asked_for(stack: Stack) -> None:
    receivers = yaml.safe_load(render(stack)["alertmanager/alertmanager.yml"])["receivers"]
    kinds = {key.removesuffix("_configs") for each in receivers for key in each if key != "name"}
    assert kinds == stack.receivers


def test_every_target_has_a_file_for_its_job(stack: Stack) -> None:
    files = render(stack)
    for job in yaml.safe_load(files["prometheus/prometheus.yml"])["scrape_configs"]:
        (discovery,) = job["file_sd_configs"]
        (name,) = discovery["files"]
        assert name == f"targets/{job['job_name']}.yml" and yaml.safe_load(files[f"prometheus/{name}"])


def test_what_differs_is_named_and_what_is_equal_is_not(tmp_path: Path) -> None:
    files = render(STACKS["the guide's"])
    assert not differing(tmp_path, files)
    assert len(place(tmp_path, files).written) == len(files)
    assert len(place(tmp_path, files).same) == len(files)
    (tmp_path / "hivesight.yml").write_text("listen: 127.0.0.1:1\n")
    assert differing(tmp_path, files) == ["hivesight.yml"]
    assert place(tmp_path, files).overwritten == ("hivesight.yml",)


def test_secrets_are_made_once_and_their_folder_is_closed(tmp_path: Path) -> None:
    made = place_secrets(tmp_path, iter(f"secret-{n}" for n in range(100)).__next__)
    assert len(made) == 7 and (tmp_path / "secrets").stat().st_mode & 0o077 == 0
    before = {name: (tmp_path / name).read_text() for name in made}
    assert len(set(before.values())) == len(before)
    assert not place_secrets(tmp_path, lambda: "another")
    assert before == {name: (tmp_path / name).read_text() for name in made}


@pytest.mark.parametrize(
    "text", ["", "x", "x=", "x=host", "X=host:1", "x=host:99999", "x=h:1\n", "a" * 99 + "=h:1", 'x"=h:1']
)
def test_what_is_no_service(text: str) -> None:
    with pytest.raises(ValueError, match="no service"):
        service(text)


@pytest.mark.parametrize(("text", "days"), [("15d", "15d"), ("2w", "14d"), ("1y", "365d"), ("48h", "2d")])
def test_retention_in_days(text: str, days: str) -> None:
    assert retention(text) == days


@pytest.mark.parametrize("text", ["1h", "36h", "0d", "forever", ""])
def test_what_is_no_retention(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        retention(text)


def test_a_value_is_one_line() -> None:
    assert line("a b") == "a b"
    with pytest.raises(ValueError, match="one line"):
        line("a\nb")
