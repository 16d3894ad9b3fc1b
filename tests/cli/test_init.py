"""`hivesight init`: what it writes, refuses and says."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hivesight.cli.init import init


def run(*words: object) -> Result:
    return CliRunner().invoke(init, [str(word) for word in words])


def test_it_writes_and_says_what_to_do(tmp_path: Path) -> None:
    result = run(tmp_path / "m", "--receiver", "pagerduty", "--retention", "30d")
    assert result.exit_code == 0, result.output
    assert f"wrote  {tmp_path}/m/prometheus/prometheus.yml" in result.output
    assert "pagerduty_key" in result.output and "slack_url" not in result.output
    assert "retention.time=30d" in (tmp_path / "m" / "docker-compose.monitoring.yml").read_text()
    assert (tmp_path / "m").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("platforms", [[], ["--compose"], ["--kubernetes"], ["--compose", "--kubernetes"]])
def test_each_platform_has_its_files_and_its_steps(tmp_path: Path, platforms: list[str]) -> None:
    result = run(tmp_path, *platforms)
    compose, kubernetes = "--compose" in platforms or not platforms, "--kubernetes" in platforms
    assert (tmp_path / "docker-compose.monitoring.yml").exists() is compose is ("docker compose -f" in result.output)
    assert (tmp_path / "kustomization.yaml").exists() is kubernetes is ("kubectl apply" in result.output)


def test_rules_that_changed_are_made_again(tmp_path: Path) -> None:
    run(tmp_path, "--kubernetes")
    rules = tmp_path / "prometheus/rules/slo_rules.yml"
    rules.write_text(f"# ours\n{rules.read_text()}")
    result = run(tmp_path, "--remake")
    assert result.exit_code == 0 and f"wrote  {tmp_path}/kubernetes/made/slo-rules.yaml" in result.output
    assert "# ours" in (tmp_path / "kubernetes/made/slo-rules.yaml").read_text()


def test_what_somebody_changed_is_kept_and_what_is_new_is_written(tmp_path: Path) -> None:
    run(tmp_path)
    rules = tmp_path / "prometheus/rules/slo_rules.yml"
    rules.write_text(f"# ours\n{rules.read_text()}")
    result = run(tmp_path, "--compose", "--kubernetes", "--keep")
    assert result.exit_code == 0 and (tmp_path / "kustomization.yaml").exists()
    assert rules.read_text().startswith("# ours")
    assert "# ours" in (tmp_path / "kubernetes/made/slo-rules.yaml").read_text()


def test_nothing_is_made_again_where_nothing_was_made(tmp_path: Path) -> None:
    result = run(tmp_path, "--remake")
    assert result.exit_code == 1 and "--kubernetes" in result.output


def test_it_leaves_alone_what_somebody_changed(tmp_path: Path) -> None:
    run(tmp_path)
    mine = tmp_path / "prometheus" / "prometheus.yml"
    mine.write_text("# mine\n")
    password = (tmp_path / "secrets" / "grafana_password").read_text()
    refused = run(tmp_path)
    assert refused.exit_code == 1 and "prometheus/prometheus.yml" in refused.output and "--force" in refused.output
    assert mine.read_text() == "# mine\n"
    forced = run(tmp_path, "--force")
    assert forced.exit_code == 0 and f"overwrote  {mine}" in forced.output
    assert (tmp_path / "secrets" / "grafana_password").read_text() == password


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--service", "orchestrator"], "orchestrator=agent-hive:8081"),
        (["--service", "a=b:1", "--service", "a=c:1"], "same name"),
        (["--receiver", "pigeon"], "'pigeon' is not one of"),
        (["--retention", "1h"], "whole days"),
        (["--email", "a\nb"], "one line"),
        (["--kubernetes", "--service", "a=10.0.0.1:80"], "NAME.NAMESPACE:PORT"),
    ],
)
def test_what_is_said_wrongly_writes_nothing(tmp_path: Path, words: list[str], says: str) -> None:
    result = run(tmp_path / "m", *words)
    assert result.exit_code == 2 and says in result.output
    assert not (tmp_path / "m").exists()


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = run(tmp_path / "file" / "m")
    assert result.exit_code == 1 and "cannot write into" in result.output
